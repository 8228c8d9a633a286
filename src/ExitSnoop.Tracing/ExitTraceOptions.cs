using System.Numerics;
using ExitSnoop.Bpf;
using ExitSnoop.Linux;
using ExitSnoop.Records;

namespace ExitSnoop;

/// <summary>
/// What to trace. A filter that is left at its default lets everything pass and costs nothing in the
/// kernel. Filters are combined with AND, several values of one filter with OR.
/// </summary>
public sealed record ExitTraceOptions
{
    /// <summary>The smallest and the largest <see cref="BufferSize"/>.</summary>
    public const int MinimumBufferSize = 1, MaximumBufferSize = 1024;

    /// <summary>The default of <see cref="BufferSize"/> on this machine.</summary>
    internal static int DefaultBufferSize { get; } = DefaultBufferSizeFor(Processors.Online);

    /// <summary>
    /// 1 MiB for each processor, so that a reader that gets no processor for 300 ms loses nothing even if many processes exit at once
    /// (docs/performance.md); 16 MiB at least and 128 at most.
    /// </summary>
    internal static int DefaultBufferSizeFor(int processors) => Math.Clamp((int)BitOperations.RoundUpToPowerOf2((uint)processors), 16, 128);

    /// <summary>Whether a <see cref="BufferSize"/> is valid.</summary>
    internal static bool IsBufferSize(int mebibytes) =>
        mebibytes is >= MinimumBufferSize and <= MaximumBufferSize && int.IsPow2(mebibytes);

    /// <summary>The longest time that can be asked for, in seconds: more than thirty years.</summary>
    public const double MaximumSeconds = 1_000_000_000;

    /// <summary>Only these processes, by ID (tgid) in the PID namespace of the caller. The trace ends when all have exited.</summary>
    public IReadOnlyCollection<int> Ids { get; init; } = [];

    /// <summary>With <see cref="Ids"/>: all their descendants too, orphans included. The trace ends when all have exited.</summary>
    public bool IncludeChildren { get; init; }

    /// <summary>Only exits with a status other than 0, or by a signal.</summary>
    public bool Failed { get; init; }

    /// <summary>An event for each thread instead of one for each process.</summary>
    public bool PerThread { get; init; }

    /// <summary>Only processes of these real user IDs.</summary>
    public IReadOnlyCollection<uint> Users { get; init; } = [];

    /// <summary>Only processes that one of these signals ended.</summary>
    public IReadOnlyCollection<Signal> Signals { get; init; } = [];

    /// <summary>
    /// Only processes with one of these codes, 0 to 255, as <see cref="ExitEvent.ExitCode"/> shows them: the status that the process
    /// exited with, or 128 and the number of the signal that ended it.
    /// </summary>
    public IReadOnlyCollection<int> ExitCodes { get; init; } = [];

    /// <summary>Only children of these processes, by the ID of the parent at the time of the exit.</summary>
    public IReadOnlyCollection<int> ParentIds { get; init; } = [];

    /// <summary>Only processes that lived at least this long, by the boot clock; at most <see cref="MaximumSeconds"/>.</summary>
    public TimeSpan MinimumAge { get; init; }

    /// <summary>
    /// Only processes in this cgroup or below: its folder (<c>/sys/fs/cgroup/...</c>), or its path as
    /// <see cref="ExitEvent.CgroupPath"/> shows it. It must exist at the start. The path is followed: when the cgroup is
    /// removed and created again, events go on; processes that exit within the first 100 ms of the new one can be missed.
    /// </summary>
    public string? Cgroup { get; init; }

    /// <summary>
    /// Only processes for whose name this is true. Called, outside the kernel, with comm and, where that does not match,
    /// with the file name of the executable, which <see cref="Basic"/> leaves out.
    /// </summary>
    public Func<string, bool>? NameFilter { get; init; }

    /// <summary>Only names for which this is false; called as <see cref="NameFilter"/> is.</summary>
    public Func<string, bool>? ExcludedNameFilter { get; init; }

    /// <summary>Only executables for whose <see cref="ExitEvent.Path"/> this is true, called outside the kernel; a process without a path is left out.</summary>
    public Func<string, bool>? PathFilter { get; init; }

    /// <summary>
    /// Only processes of services for whose name this is true. Called, outside the kernel, with <see cref="ExitEvent.ServiceName"/> and
    /// with the same without <c>.service</c>. A service that restarts keeps its name, so it is still reported.
    /// </summary>
    public Func<string, bool>? ServiceFilter { get; init; }

    /// <summary>Only processes in containers for whose <see cref="ExitEvent.ContainerId"/> this is true, called outside the kernel.</summary>
    public Func<string, bool>? ContainerFilter { get; init; }

    /// <summary>Only processes of other real user IDs than these, checked outside the kernel.</summary>
    public IReadOnlyCollection<uint> ExcludedUsers { get; init; } = [];

    /// <summary>Only processes whose <see cref="ExitEvent.Crashed"/> is true.</summary>
    public bool Crashed { get; init; }

    /// <summary>Only processes that the kernel's OOM killer killed.</summary>
    public bool OomKilled { get; init; }

    /// <summary>
    /// Ends the trace after this number of events was read, at least 1; null for no limit. The program is detached before
    /// the last of them is handed over.
    /// </summary>
    public long? MaxEvents { get; init; }

    /// <summary>
    /// Ends the trace this long after <see cref="ExitTrace.Start"/> returned, at most <see cref="MaximumSeconds"/>; null
    /// for no limit. The program is detached at that moment, however far the reader has come; exits until
    /// then can still be read.
    /// </summary>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>The calls of each process that crashed: <see cref="ExitEvent.StackTrace"/>.</summary>
    public bool StackTrace { get; init; }

    /// <summary>
    /// A file in which the exits that are read are counted, in Prometheus' text format for node_exporter's textfile collector: by result
    /// and service, with what was lost. It is replaced every 15 seconds and when the trace is disposed of; counters go on from the file
    /// that is there. Its folder must exist. docs/fleet says what the metrics mean.
    /// </summary>
    public string? MetricsFile { get; init; }

    /// <summary>Times in UTC instead of local time.</summary>
    public bool Utc { get; init; }

    /// <summary>A text that each event carries.</summary>
    public string? Label { get; init; }

    /// <summary>Only what the original shows: no sender, command, identity, resources or container.</summary>
    public bool Basic { get; init; }

    /// <summary>
    /// The size of the ring buffers of all processors together, in MiB, a power of two from 1 to 1024. Each
    /// processor has its own, up to eight, of at least 1 MiB. The default is 16, and on machines with more than 16 processors 1 for each
    /// of them, up to 128.
    /// </summary>
    public int BufferSize { get; init; } = DefaultBufferSize;

    /// <summary>A file with the kernel's type information (BTF), for a kernel that has none of its own.</summary>
    public string? BtfPath { get; init; }

    /// <summary>Receives libbpf's messages while the trace starts; null: they are dropped.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>Ways to load that this kernel would not choose, forced by tests.</summary>
    internal ExitProgramFallbacks Fallbacks { get; init; }

    /// <summary>How many processes can be watched at once, in place of the usual maximum, which no test should need to reach.</summary>
    internal uint? DescendantsMax { get; init; }

    /// <inheritdoc cref="ExitProgramOptions.AddWatch"/>
    internal Func<int, string, uint, int>? AddWatch { get; init; }

    /// <summary>Whether an exit that is reported can be a crash.</summary>
    internal bool CanCrash => !Basic && (Signals.Count == 0 || Signals.Any(SignalTable.CoreDumping.Contains));

    /// <summary>The console program in place of the one that would be found; it has the unwinder in it.</summary>
    internal string? UnwinderProgram { get; init; }

    /// <summary>Nanoseconds of Unix time, in place of the machine's clock, which no test should set.</summary>
    internal Func<long>? WallClock { get; init; }

    /// <summary>What of these the BPF program needs.</summary>
    internal ExitProgramOptions ForProgram()
    {
        static byte Flag(bool value) => value ? (byte)1 : (byte)0;

        ExitConfig config = new()
        {
            MinimumAge = (ulong)(MinimumAge.Ticks * TimeSpan.NanosecondsPerTick),
            ById = Flag(Ids.Count > 0),
            IncludeChildren = Flag(IncludeChildren),
            ByParent = Flag(ParentIds.Count > 0),
            ByUser = Flag(Users.Count > 0),
            ByCgroup = Flag(Cgroup is not null),
            ByExitCode = Flag(ExitCodes.Count > 0),
            Failed = Flag(Failed),
            PerThread = Flag(PerThread),
            Detail = Flag(!Basic),
            OomKills = Flag(Crashed || OomKilled),
        };
        foreach (Signal signal in ExitFilter.Signals(this) ?? [])
            config.Signals |= 1UL << ((int)signal - 1);
        foreach (int code in ExitCodes)
            config.ExitCodes[code >> 6] |= 1UL << (code & 63);
        return new ExitProgramOptions
        {
            Config = config,
            Ids = Ids,
            ParentIds = ParentIds,
            Users = Users,
            Cgroup = Cgroup,
            BufferSize = BufferSize,
            BtfPath = BtfPath,
            Log = Log,
            Fallbacks = Fallbacks,
            Crashes = CanCrash,
            DescendantsMax = DescendantsMax,
            AddWatch = AddWatch,
        };
    }
}
