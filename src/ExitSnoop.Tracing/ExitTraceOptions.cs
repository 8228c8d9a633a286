using System.Numerics;
using ExitSnoop.Bpf;
using ExitSnoop.Linux;
using ExitSnoop.Records;

namespace ExitSnoop;

/// <summary>
/// What to trace. A filter with its default value lets every exit pass and costs nothing in the kernel. Filters are
/// combined with AND, several values of one filter with OR.
/// </summary>
public sealed record ExitTraceOptions
{
    /// <summary>The smallest and the largest <see cref="BufferSize"/> in MiB.</summary>
    public const int MinimumBufferSize = 1, MaximumBufferSize = 1024;

    /// <summary>The default of <see cref="BufferSize"/> on this machine, in MiB.</summary>
    internal static int DefaultBufferSize { get; } = DefaultBufferSizeFor(Processors.Online);

    /// <summary>
    /// 1 MiB for each processor, rounded up to a power of two, at least 16 and at most 128 MiB. Then nothing is lost even if many processes
    /// exit at the same time and the reader gets no CPU time for 300 ms (docs/performance.md).
    /// </summary>
    internal static int DefaultBufferSizeFor(int processors) => Math.Clamp((int)BitOperations.RoundUpToPowerOf2((uint)processors), 16, 128);

    /// <summary>Whether a <see cref="BufferSize"/> is valid.</summary>
    internal static bool IsBufferSize(int mebibytes) =>
        mebibytes is >= MinimumBufferSize and <= MaximumBufferSize && int.IsPow2(mebibytes);

    /// <summary>The longest time that an option can have, in seconds: more than thirty years.</summary>
    public const double MaximumSeconds = 1_000_000_000;

    /// <summary>Only these processes, by ID (tgid) in the PID namespace of the caller. The trace ends when all have exited.</summary>
    public IReadOnlyCollection<int> Ids { get; init; } = [];

    /// <summary>Also all descendants of <see cref="Ids"/>, orphans included. The trace ends when all have exited. Needs <see cref="Ids"/>.</summary>
    public bool IncludeChildren { get; init; }

    /// <summary>Only processes that exited with a status other than 0 or that a signal ended.</summary>
    public bool Failed { get; init; }

    /// <summary>One event for each thread instead of one for each process.</summary>
    public bool PerThread { get; init; }

    /// <summary>Only processes with these real user IDs in the first user namespace.</summary>
    public IReadOnlyCollection<uint> Users { get; init; } = [];

    /// <summary>Only processes that one of these signals ended.</summary>
    public IReadOnlyCollection<Signal> Signals { get; init; } = [];

    /// <summary>
    /// Only processes with one of these codes, 0 to 255, as in <see cref="ExitEvent.ExitCode"/>: the exit status, or 128 plus the number
    /// of the signal that ended the process.
    /// </summary>
    public IReadOnlyCollection<int> ExitCodes { get; init; } = [];

    /// <summary>Only processes whose parent, at the time of the exit, has one of these IDs (tgid) in the PID namespace of the caller.</summary>
    public IReadOnlyCollection<int> ParentIds { get; init; } = [];

    /// <summary>Only processes that lived at least this long by the boot clock; at most <see cref="MaximumSeconds"/>.</summary>
    public TimeSpan MinimumAge { get; init; }

    /// <summary>
    /// Only processes in this cgroup or below it. It is given by its folder (<c>/sys/fs/cgroup/...</c>) or by its path as in
    /// <see cref="ExitEvent.CgroupPath"/>, and must exist at the start. If it is removed and created again, the new cgroup is
    /// traced; processes that exit within the first 100 ms of the new one can be missed.
    /// </summary>
    public string? Cgroup { get; init; }

    /// <summary>
    /// Only processes whose name this function accepts. It is called outside of the kernel, with the comm and, if it does not
    /// accept that, with the file name of the executable. <see cref="Basic"/> leaves out the latter.
    /// </summary>
    public Func<string, bool>? NameFilter { get; init; }

    /// <summary>Only processes whose name this function does not accept. It is called as <see cref="NameFilter"/> is.</summary>
    public Func<string, bool>? ExcludedNameFilter { get; init; }

    /// <summary>Only processes whose <see cref="ExitEvent.Path"/> this function accepts. It is called outside of the kernel. Processes without a path are left out.</summary>
    public Func<string, bool>? PathFilter { get; init; }

    /// <summary>
    /// Only processes of services whose name this function accepts. It is called outside of the kernel, with
    /// <see cref="ExitEvent.ServiceName"/> with and without <c>.service</c>. A service that restarts keeps its name, so it is still reported.
    /// </summary>
    public Func<string, bool>? ServiceFilter { get; init; }

    /// <summary>Only processes in containers whose <see cref="ExitEvent.ContainerId"/> this function accepts. It is called outside of the kernel.</summary>
    public Func<string, bool>? ContainerFilter { get; init; }

    /// <summary>No processes with these real user IDs. This is checked outside of the kernel.</summary>
    public IReadOnlyCollection<uint> ExcludedUsers { get; init; } = [];

    /// <summary>Only processes whose <see cref="ExitEvent.Crashed"/> is true.</summary>
    public bool Crashed { get; init; }

    /// <summary>Only processes that the kernel's OOM killer killed.</summary>
    public bool OomKilled { get; init; }

    /// <summary>
    /// Ends the trace after this many events were read, at least 1; null for no limit. The program is detached before
    /// the last of them is returned.
    /// </summary>
    public long? MaxEvents { get; init; }

    /// <summary>
    /// Ends the trace this long after <see cref="ExitTrace.Start"/> returned, at most <see cref="MaximumSeconds"/>; null
    /// for no limit. The program is detached at that time, even if not all events have been read; exits until then can
    /// still be read.
    /// </summary>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>Whether <see cref="ExitEvent.StackTrace"/> is set for processes that crashed.</summary>
    public bool StackTrace { get; init; }

    /// <summary>
    /// A file for metrics, in the text format of Prometheus for the textfile collector of node_exporter: the number of exits that were read,
    /// by result and service, and of those that were lost. It is replaced every 15 seconds and when the trace is disposed. Counters continue
    /// with the values of the existing file. Its folder must exist. docs/fleet says what the metrics mean.
    /// </summary>
    public string? MetricsFile { get; init; }

    /// <summary>Whether times are in UTC instead of local time.</summary>
    public bool Utc { get; init; }

    /// <summary>A text for the <see cref="ExitEvent.Label"/> of each event.</summary>
    public string? Label { get; init; }

    /// <summary>Only what the original exitsnoop shows: no sender, command, identity, resources or container.</summary>
    public bool Basic { get; init; }

    /// <summary>
    /// The size of all ring buffers together in MiB, a power of two from 1 to 1024. Each processor has a ring buffer of its own, but there
    /// are at most eight, of at least 1 MiB each. The default is 1 MiB for each processor, rounded up to a power of two, at least 16 and at
    /// most 128.
    /// </summary>
    public int BufferSize { get; init; } = DefaultBufferSize;

    /// <summary>A file with the kernel's type information (BTF), for a kernel that has none of its own.</summary>
    public string? BtfPath { get; init; }

    /// <summary>Receives libbpf's messages while the trace starts; null to drop them.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>Tests set this to use a hook that would not be chosen on the running kernel.</summary>
    internal ExitProgramFallbacks Fallbacks { get; init; }

    /// <summary>How many processes can be watched with descendants at the same time; null for the default. Set by tests.</summary>
    internal uint? DescendantsMax { get; init; }

    /// <inheritdoc cref="ExitProgramOptions.AddWatch"/>
    internal Func<int, string, uint, int>? AddWatch { get; init; }

    /// <summary>Whether an exit that is reported can be a crash.</summary>
    internal bool CanCrash => !Basic && (Signals.Count == 0 || Signals.Any(SignalTable.CoreDumping.Contains));

    /// <summary>The path of the console program, which contains the unwinder; null for the one in the module's folder.</summary>
    internal string? UnwinderProgram { get; init; }

    /// <summary>Returns Unix time in nanoseconds; null for the machine's clock. Set by tests, which must not change that clock.</summary>
    internal Func<long>? WallClock { get; init; }

    /// <summary>The options that the BPF program needs.</summary>
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
        foreach (int id in Ids)
            config.Ids[id >> 6 & 63] |= 1UL << (id & 63);
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
