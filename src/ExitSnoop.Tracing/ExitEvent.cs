using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using ExitSnoop.Crash;
using ExitSnoop.Linux;
using ExitSnoop.Records;

namespace ExitSnoop;

/// <summary>
/// The exit of one process, or with <see cref="ExitTraceOptions.PerThread"/> of one thread. Immutable;
/// texts are decoded when they are first asked for. What was not collected
/// (<see cref="ExitTraceOptions.Basic"/>) or could not be captured is null.
/// </summary>
/// <remarks>
/// The kernel's expressions below are those of kernel/exit.c at the tracepoint sched:sched_process_exit;
/// <c>leader</c> is task->group_leader.
/// </remarks>
#pragma warning disable CA1710 // It is what a handler is given, in PowerShell too, but first of all the event itself.
public sealed class ExitEvent : EventArgs
#pragma warning restore CA1710
{
    /// <summary>This plus the number of a signal is the <see cref="ExitCode"/> of a process that the signal ended.</summary>
    internal const int SignalExitCode = 128;

    private const int EmptyArgumentsMaximum = 8;

    private const string ServiceSuffix = ".service";

    private readonly byte[] bytes;
    private readonly byte[]? execBytes;
    private readonly RecordOrigin? origin;
    private readonly long exitTicks;
    private readonly bool utc;
    private readonly ExitEventTexts? texts;
    private string? name;
    private ArgumentList? arguments;
    private string? path;
    private string? workingDirectory;
    private string? cgroupPath;
    private CgroupNames? cgroupNames;
    private AncestorList? ancestors;

    /// <param name="record">The record of an exit, which the event keeps.</param>
    /// <param name="exec">The record of the process's exec, on kernels where the command is gone by its exit.</param>
    /// <param name="clockOffset">Nanoseconds to add to the record's times to get Unix time.</param>
    /// <param name="utc">Times in UTC, not in local time.</param>
    /// <param name="label">A text to carry.</param>
    /// <param name="origin">The machine that a recorded exit comes from; null for one of this machine, now.</param>
    internal ExitEvent(byte[] record, byte[]? exec, long clockOffset, bool utc, string? label, RecordOrigin? origin = null)
    {
        this.origin = origin;
        bytes = record;
        execBytes = exec;
        this.utc = utc;
        Label = label;
        exitTicks = DateTime.UnixEpoch.Ticks + (((long)Record.ExitTime + clockOffset) / TimeSpan.NanosecondsPerTick);
    }

    /// <summary>An event that was read from JSON.</summary>
    /// <param name="record">Its numbers, the times in nanoseconds of Unix time.</param>
    /// <param name="utc">Times in UTC, not in local time.</param>
    /// <param name="label">A text to carry.</param>
    /// <param name="texts">Its texts.</param>
    internal ExitEvent(byte[] record, bool utc, string? label, ExitEventTexts texts)
        : this(record, exec: null, clockOffset: 0, utc, label)
    {
        this.texts = texts;
        (name, arguments, path, workingDirectory) = (texts.Name, texts.Arguments, texts.Path, texts.WorkingDirectory);
        (cgroupPath, cgroupNames, ancestors) = (texts.CgroupPath, texts.CgroupNames, texts.Ancestors);
        CrashReport = texts.CrashReport;
    }

    /// <summary>comm: of the main thread, or of the thread, at most 15 bytes. Bytes that are not UTF-8 become U+FFFD.</summary>
    public string Name => name ??= Record.Comm.ToString();

    /// <summary>The process's ID, in the PID namespace of the reader. Source: leader's tgid.</summary>
    public int Id => (int)Record.Pid;

    /// <summary>The ID of the parent at the exit; 0 where it is outside the reader's PID namespace. Source: leader->real_parent->tgid.</summary>
    public int ParentId => (int)Record.ParentPid;

    /// <summary>The thread's ID; equal to <see cref="Id"/> for the event of a process. Source: task->pid.</summary>
    public int ThreadId => (int)Record.Tid;

    /// <summary>How long the process (or thread) lived, by the boot clock, which goes on in suspend.</summary>
    public TimeSpan Age => TimeSpan.FromTicks((long)(Record.ExitTime - Record.StartTime) / TimeSpan.NanosecondsPerTick);

    /// <summary>When it started: <see cref="ExitTime"/> less <see cref="Age"/>. Source: start_boottime.</summary>
    public DateTime StartTime => ToDateTime(exitTicks - Age.Ticks);

    /// <summary>When it exited, by the wall clock at that moment. Source: bpf_ktime_get_boot_ns in the tracepoint.</summary>
    public DateTime ExitTime => ToDateTime(exitTicks);

    /// <summary>
    /// What <c>$?</c> shows in sh and bash: 0 to 255, or 128 + the number of the signal. Of a kernel thread that failed,
    /// the negative error number.
    /// </summary>
    public int ExitCode => Wait.ShellCode;

    /// <summary>The signal that ended it, or None. Source: the status' low seven bits.</summary>
    public Signal Signal => Wait.Signal;

    /// <summary>Whether the kernel wrote a core. Source: bit 7 of the status.</summary>
    public bool CoreDumped => Wait.CoreDumped;

    /// <summary>Whether its status was other than 0, or a signal ended it.</summary>
    public bool Failed => Wait.Failed;

    /// <summary>
    /// Whether a fault or another signal that dumps core by default ended it, or the OOM killer did. Null for a
    /// SIGKILL of which no details were collected (<see cref="ExitTraceOptions.Basic"/>).
    /// </summary>
    public bool? Crashed => SignalTable.CoreDumping.Contains(Signal) ? true : Signal == Signal.KILL ? OomKilled : false;

    /// <summary>The text of the EXIT_CODE column: "0", "code 5", "signal 11 (SEGV), core dumped"; of a kernel thread that failed, "error -4 (EINTR)".</summary>
    public string Status => Wait.ToString();

    /// <summary><see cref="ExitTraceOptions.Label"/>.</summary>
    public string? Label { get; }

    /// <summary>Whether this is the exit of one thread, not of the process.</summary>
    public bool IsThread => Record.Flags.HasFlag(RecordFlags.Thread);

    /// <summary>The process that sent the fatal signal; null where the kernel itself did. Source: signal:signal_generate.</summary>
    public int? SenderId => HasSenderTask ? (int)Detail.SenderPid : null;

    /// <summary>comm of the sender.</summary>
    public string? SenderName => HasSenderTask ? texts is null ? Detail.SenderComm.ToString() : texts.SenderName : null;

    /// <summary>The real user ID of the sender.</summary>
    public uint? SenderUserId => HasSenderTask ? Detail.SenderUid : null;

    /// <summary>Why the fatal signal was sent: the name of its si_code (USER, KERNEL, TKILL, QUEUE, TIMER, MAPERR, ...).</summary>
    public string? SignalCode =>
        texts is not null ? texts.SignalCode : HasDetail && Record.Flags.HasFlag(RecordFlags.Sender) ? SignalCodes.GetName(Signal, Detail.SignalCode) : null;

    /// <summary>The address of the fault, for SEGV, BUS, ILL, FPE and TRAP that a fault raised. Source: siginfo's si_addr.</summary>
    public ulong? FaultAddress => HasDetail && Record.Flags.HasFlag(RecordFlags.FaultAddress) ? Detail.FaultAddress : null;

    /// <summary>Whether the kernel's OOM killer killed it. Source: signal->oom_mm, with SIGKILL.</summary>
    public bool? OomKilled => HasDetail ? Record.Flags.HasFlag(RecordFlags.OomKilled) : null;

    /// <summary>
    /// Why a signal ended it, in a few words: "killed by bash (901)", "segfault (MAPERR) at 0x18 in libvips.so.42!vips_image_new+0x1c",
    /// "out of memory"; null where nothing is known, and for a process that exited by itself.
    /// </summary>
    public string? Reason => texts is not null ? texts.Reason : HasDetail && DeathReason.Describe(Record, Detail) is { } reason
        ? CrashSite is { } site && (SenderId ?? Id) == Id ? $"{reason} in {site}" : reason
        : null;

    /// <summary>
    /// Where it crashed, for a signal whose default action is a core dump, whether or not a core was written: in a
    /// function as "libvips.so.42!vips_image_new+0x1c", without a symbol as "libvips.so.42+0x1c3f0", outside of any module
    /// as an address. Of a program that aborted itself, the first function that is not the runtime's.
    /// </summary>
    public string? CrashSite => CrashReport?.Site?.Place;

    /// <summary>The instruction pointer of the thread that crashed. Source: task_pt_regs(task).</summary>
    public ulong? InstructionPointer => CrashReport?.InstructionPointer;

    /// <summary>The file that <see cref="CrashSite"/> is in, by its path in the process's own mounts. Source: vma->vm_file.</summary>
    public string? CrashModule => CrashReport?.Site?.Module;

    /// <summary>The address of <see cref="CrashSite"/> within its module, as addr2line(1) counts it.</summary>
    public ulong? CrashOffset => CrashReport?.Site?.Offset;

    /// <summary>The build ID of <see cref="CrashModule"/> in hexadecimal digits.</summary>
    public string? CrashBuildId => CrashReport?.Site?.BuildId;

    /// <summary>The function of <see cref="CrashSite"/>, demangled.</summary>
    public string? CrashSymbol => CrashReport?.Site?.Symbol;

    /// <summary>The ID of the thread that crashed, in the PID namespace of the reader.</summary>
    public int? CrashThreadId => CrashReport?.ThreadId;

    /// <summary>comm of the thread that crashed.</summary>
    public string? CrashThreadName => CrashReport?.ThreadName;

    /// <summary>
    /// The calls of the thread that crashed, from the innermost to the outermost; null unless
    /// <see cref="ExitTraceOptions.StackTrace"/> asks for them.
    /// </summary>
    public StackFrameList? StackTrace => CrashReport?.StackTrace is { } frames ? new StackFrameList(frames) : null;

    /// <summary>Why calls or symbols are missing from the place of the crash; null where nothing is missing.</summary>
    public string? CrashNote => CrashReport?.Note;

    /// <summary>The arguments as a shell would quote them; null where none were captured.</summary>
    public string? CommandLine => Arguments?.ToString();

    /// <summary>
    /// The arguments as they were in the process's memory at the exit (before Linux 6.16: when it was
    /// executed), at most 4 KiB; null where none were captured. Source: mm->arg_start.
    /// </summary>
    public ArgumentList? Arguments => arguments ??= SplitArguments();

    /// <summary>The executable; null for a kernel thread or where it was not captured. Source: mm->exe_file.</summary>
    public string? Path => path ??= ReadPath();

    /// <summary>
    /// Whether arguments are missing: there were more than 4 KiB, or a page of them was not in memory when they were
    /// captured, or what mm->arg_start and arg_end enclose went on into the environment, which is never captured.
    /// </summary>
    public bool CommandLineTruncated => Command.Record.Flags.HasFlag(RecordFlags.ArgumentsCut);

    /// <summary>The real user ID. Source: real_cred->uid.</summary>
    public uint? UserId => HasDetail ? Detail.Uid : null;

    /// <summary>The real group ID. Source: real_cred->gid.</summary>
    public uint? GroupId => HasDetail ? Detail.Gid : null;

    /// <summary>
    /// The user's name; null where this machine has none for the ID, and for a process in a container without a user
    /// namespace of its own, whose IDs are those of its image: only 0 is root everywhere.
    /// </summary>
    public string? UserName => texts is not null ? texts.UserName : UserId is { } id && (id == 0 || !HasUsersOfItsOwn) ? NameOfUser(id) : null;

    /// <summary>comm of the parent. Source: real_parent->group_leader->comm.</summary>
    public string? ParentName => texts is not null ? texts.ParentName : HasDetail ? Detail.ParentComm.ToString() : null;

    /// <summary>The session's ID. Source: signal->pids[PIDTYPE_SID].</summary>
    public int? SessionId => HasDetail ? (int)Detail.Session : null;

    /// <summary>
    /// CPU time of all its threads, exact to the last update by the kernel (at most a tick). This, the page faults, bytes
    /// and switches are null where more threads end at once than can be added up. Source: se.sum_exec_runtime.
    /// </summary>
    public TimeSpan? TotalProcessorTime => HasSums ? FromNanoseconds(Detail.CpuTime) : null;

    /// <summary>
    /// The part of <see cref="TotalProcessorTime"/> spent in user mode. The kernel counts parts in ticks, so
    /// the exact total is divided in their ratio, as cputime_adjust() does for wait4(2).
    /// </summary>
    public TimeSpan? UserProcessorTime => TotalProcessorTime - PrivilegedProcessorTime;

    /// <summary>The part of <see cref="TotalProcessorTime"/> spent in the kernel.</summary>
    public TimeSpan? PrivilegedProcessorTime => HasSums ? FromNanoseconds(SystemTime) : null;

    /// <summary>
    /// The most memory that the program had resident, in bytes; what the process used before its last execve(2) does
    /// not count, as it does for wait4(2). Null for a kernel thread, and where the kernel has taken the memory away
    /// before the exit is seen. Source: mm->hiwater_rss and mm->rss_stat, in pages.
    /// </summary>
    public long? PeakWorkingSet64 => HasDetail && Detail.MaxRss > 0 ? (long)Detail.MaxRss * (origin?.PageSize ?? Environment.SystemPageSize) : null;

    /// <summary>Page faults served without I/O. Source: min_flt.</summary>
    public long? MinorFaults => HasSums ? (long)Detail.MinorFaults : null;

    /// <summary>Page faults that had to read from storage. Source: maj_flt.</summary>
    public long? MajorFaults => HasSums ? (long)Detail.MajorFaults : null;

    /// <summary>Bytes read from storage. Source: ioac.read_bytes.</summary>
    public long? ReadBytes => HasSums ? (long)Detail.ReadBytes : null;

    /// <summary>Bytes caused to be written to storage. Source: ioac.write_bytes.</summary>
    public long? WriteBytes => HasSums ? (long)Detail.WriteBytes : null;

    /// <summary>How often it gave up the processor. Source: nvcsw.</summary>
    public long? VoluntarySwitches => HasSums ? (long)Detail.VoluntarySwitches : null;

    /// <summary>How often the processor was taken from it. Source: nivcsw.</summary>
    public long? InvoluntarySwitches => HasSums ? (long)Detail.InvoluntarySwitches : null;

    /// <summary>
    /// Its cgroup, from the root of the hierarchy: version 2 where that manages memory or processes, else
    /// that of memory, pids or systemd of version 1. A path of more than 32 components or about 1,000 bytes keeps
    /// its end, after "...".
    /// </summary>
    public string? CgroupPath => HasDetail ? cgroupPath ??= ReadCgroupPath() : null;

    /// <summary>The container, from <see cref="CgroupPath"/>: docker, containerd, cri-o, podman, systemd-nspawn.</summary>
    public string? ContainerId => CgroupNames?.ContainerId;

    /// <summary>The UID of the Kubernetes pod that it ran in; null outside of one. Derived from <see cref="CgroupPath"/>.</summary>
    public string? PodId => CgroupNames?.PodId;

    /// <summary>
    /// The systemd service that it belonged to, of the system's manager or a user's: <c>nginx.service</c>; null where there is
    /// none. Derived from <see cref="CgroupPath"/>.
    /// </summary>
    public string? ServiceName => CgroupNames?.ServiceName;

    /// <summary>Its ancestors at the exit, the parent first, at most 8. Source: real_parent of each.</summary>
    public AncestorList? Ancestors => HasDetail ? ancestors ??= ReadAncestors() : null;

    /// <summary>
    /// The user who logged in, which sudo and su do not change; null for a process that no login started, and on kernels without audit.
    /// Source: task->loginuid.
    /// </summary>
    public uint? LoginUserId => HasDetail && Detail.LoginUid != uint.MaxValue ? Detail.LoginUid : null;

    /// <summary>The name of <see cref="LoginUserId"/>; null where this machine has none for the ID.</summary>
    public string? LoginUserName => texts is not null ? texts.LoginUserName : LoginUserId is { } id ? NameOfUser(id) : null;

    /// <summary>Its controlling terminal, as ps(1) names it: <c>pts/3</c>, <c>tty1</c>; null where it has none. Source: signal->tty->name.</summary>
    public string? Terminal => texts is not null ? texts.Terminal : HasDetail ? TerminalName(Detail.Terminal.ToString()) : null;

    /// <summary>
    /// Its working directory at the exit, in its own mounts; null for a kernel thread. A path of more than 1 KiB or 32 components
    /// begins with "...". Source: task->fs->pwd.
    /// </summary>
    public string? WorkingDirectory => workingDirectory ??= ReadWorkingDirectory();

    /// <summary>
    /// Whether it ever executed a program: false for one that was only forked, such as a posix_spawn(3) that failed and still has
    /// its parent's name. Source: PF_FORKNOEXEC in leader->flags.
    /// </summary>
    public bool? Executed => HasDetail ? Record.Flags.HasFlag(RecordFlags.Executed) : null;

    /// <summary>Its ID in its own PID namespace: what getpid(2) returned to it. Source: thread_pid->numbers[level].</summary>
    public int? NamespaceId => HasDetail ? (int)Detail.NamespacePid : null;

    /// <summary>Its ID in the first PID namespace, the host's.</summary>
    public int? HostId => HasDetail ? (int)Record.HostPid : null;

    /// <summary>The machine on which it exited, by its host name: this one, or that of the recording. Null where it was read from JSON without.</summary>
    public string? HostName => texts is not null ? texts.HostName : origin is not null ? origin.Host : Environment.MachineName;

    /// <summary>Whether its times are in UTC.</summary>
    internal bool IsUtc => utc;

    /// <summary><see cref="StartTime"/> by the wall clock, whose zone .NET may not know.</summary>
    internal DateTimeOffset StartMoment => ToMoment(exitTicks - Age.Ticks);

    /// <summary><see cref="ExitTime"/> by the wall clock, whose zone .NET may not know.</summary>
    internal DateTimeOffset ExitMoment => ToMoment(exitTicks);

    /// <summary>What the unwinder found; null where the process did not crash.</summary>
    internal CrashReport? CrashReport { get; set; }

    /// <summary>Together with the ID it identifies a process among all since boot: IDs are reused.</summary>
    internal ulong StartTimestamp => Record.StartTime;

    internal ulong ExitTimestamp => Record.ExitTime;

    /// <summary>The bytes of <see cref="Name"/>.</summary>
    internal ReadOnlySpan<byte> Comm => Record.Comm.Text;

    /// <summary>
    /// One JSON object with all properties, on one line: times with their offset from UTC, durations in seconds, a fault's
    /// address as hexadecimal text. Control characters and invisible ones are escaped.
    /// </summary>
    public string ToJson()
    {
        ArrayBufferWriter<byte> json = new(2048);
        WriteJson(json);
        return Encoding.UTF8.GetString(json.WrittenSpan);
    }

    /// <summary>
    /// The event that <see cref="ToJson"/> or the console program's --json wrote: an object on one line or on several. Its texts, such as
    /// the names of users, are those of the machine that wrote them. Times that were written in UTC stay in UTC; others become local times here.
    /// </summary>
    /// <exception cref="FormatException">The text is not JSON, or not that of an event; the message says what is wrong.</exception>
    public static ExitEvent FromJson(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return ExitEventJsonReader.Read(json);
    }

    /// <summary>Appends what <see cref="ToJson"/> returns, as UTF-8.</summary>
    public void WriteJson(IBufferWriter<byte> output)
    {
        using Utf8JsonWriter writer = new(output, ExitEventJson.Options);
        ExitEventJson.Write(writer, this);
    }

    /// <summary>Writes the object with a writer of the caller's, whose encoder and indentation count. It is not flushed.</summary>
    public void WriteJson(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ExitEventJson.Write(writer, this);
    }

    /// <summary>Name, ID and status in one line.</summary>
    public override string ToString() => $"{DisplayText.Escape(Name)} ({Id}): {Status}";

    /// <summary>
    /// Whether a name means this process: its comm, which programs change and the kernel cuts at 15 bytes, or the file
    /// name of its executable.
    /// </summary>
    internal bool IsNamed(Func<string, bool> matches) =>
        matches(Name) || (Path is { } whole && matches(System.IO.Path.GetFileName(whole)));

    /// <summary>Whether a name means the service that it belonged to: with the suffix <c>.service</c> or without.</summary>
    internal bool IsOfService(Func<string, bool> matches) => ServiceName is { } service && IsOfService(service, matches);

    /// <summary>Whether a name means a service: with the suffix or without.</summary>
    internal static bool IsOfService(string service, Func<string, bool> matches) =>
        matches(service) || matches(service[..^ServiceSuffix.Length]);

    private ref readonly ExitRecord Record => ref MemoryMarshal.AsRef<ExitRecord>(bytes);

    private ref readonly ExitDetail Detail => ref MemoryMarshal.AsRef<ExitDetail>(bytes.AsSpan(RecordView.DetailOffset));

    private bool HasDetail => Record.Flags.HasFlag(RecordFlags.Detail);

    /// <summary>Whether what its threads used could be added up.</summary>
    private bool HasSums => HasDetail && !Record.Flags.HasFlag(RecordFlags.SumsUnknown);

    private bool HasSenderTask => HasDetail && Record.Flags.HasFlag(RecordFlags.SenderTask);

    // In a container, an ID may belong to a user of the image. This does not apply to the reader's own container, which has the
    // same process IDs, nor to a user namespace, because the kernel translates its IDs to those of the first namespace.
    private bool HasUsersOfItsOwn =>
        NamespaceId != Id && ContainerId is not null && !Record.Flags.HasFlag(RecordFlags.UserNamespace);

    private WaitStatus Wait => new(Record.WaitStatus, Record.Flags.HasFlag(RecordFlags.KernelThread));

    internal RecordView View => RecordView.TryParse(bytes, out RecordView view) ? view : default;

    /// <summary>The record that has the command: the exit's own, else that of the exec.</summary>
    private RecordView Command
    {
        get
        {
            RecordView own = View;
            return execBytes is not null && RecordView.TryParse(execBytes, out RecordView exec)
                && !(own.HasDetail && own.Detail.ArgsSize + own.Detail.PathSize > 0)
                ? exec
                : own;
        }
    }

    private ulong SystemTime
    {
        get
        {
            (ulong user, ulong system, ulong total) = (Detail.UserTime, Detail.SystemTime, Detail.CpuTime);
            if (system == 0)
                return 0;
            if (user == 0)
                return total;
            return (ulong)((UInt128)total * system / ((UInt128)user + system));
        }
    }

    private string? ReadPath()
    {
        RecordView command = Command;
        if (!command.HasDetail || command.Path.IsEmpty)
            return null;
        string whole = ComponentPath.Join(command.Path);
        return command.Record.Flags.HasFlag(RecordFlags.PathCut) ? "..." + whole : whole;
    }

    private string ReadCgroupPath()
    {
        string whole = ComponentPath.Join(View.Cgroup);
        return Record.Flags.HasFlag(RecordFlags.CgroupCut) ? "..." + whole : whole.Length > 0 ? whole : "/";
    }

    private CgroupNames? CgroupNames => CgroupPath is { } whole ? cgroupNames ??= CgroupNames.Of(whole) : null;

    private string? ReadWorkingDirectory()
    {
        if (!HasDetail || View.Record.Flags.HasFlag(RecordFlags.KernelThread))
            return null;
        string whole = ComponentPath.Join(View.Directory);
        return View.Record.Flags.HasFlag(RecordFlags.DirectoryCut) ? "..." + whole : whole.Length > 0 ? whole : "/";
    }

    private AncestorList ReadAncestors()
    {
        List<Ancestor> list = ParentId > 0 ? [new Ancestor(ParentName!, ParentId)] : [];
        foreach (AncestorRecord ancestor in View.Ancestors)
            list.Add(new Ancestor(ancestor.Comm.ToString(), (int)ancestor.Pid));
        return new AncestorList([.. list]);
    }

    // The kernel joins the name of the driver and the number (tty_line_name in drivers/tty/tty_io.c).
    private static string? TerminalName(string name) =>
        name.Length == 0 ? null : name.StartsWith("pts", StringComparison.Ordinal) ? "pts/" + name[3..] : name;

    private ArgumentList? SplitArguments()
    {
        RecordView command = Command;
        if (!command.HasDetail || command.Arguments.IsEmpty)
            return null;
        ReadOnlySpan<byte> all = command.Arguments;
        ReadOnlySpan<byte> text = all.TrimEnd((byte)0);
        // A program that writes a title over its arguments fills the rest with NULs; a few at the end
        // are arguments that were empty.
        all = all.Length - text.Length > EmptyArgumentsMaximum || text.Length == all.Length ? text : all[..^1];
        List<string> list = [];
        while (true)
        {
            int end = all.IndexOf((byte)0);
            if (end < 0)
                break;
            list.Add(Encoding.UTF8.GetString(all[..end]));
            all = all[(end + 1)..];
        }
        list.Add(Encoding.UTF8.GetString(all));
        if (command.Record.Flags.HasFlag(RecordFlags.ArgumentsHeadCut))
            list[0] = "..." + list[0];
        return new ArgumentList(list);
    }

    private string? NameOfUser(uint id) => origin is null ? UserNames.GetName(id) : origin.Users.GetValueOrDefault(id);

    private static TimeSpan FromNanoseconds(ulong nanoseconds) =>
        TimeSpan.FromTicks((long)(nanoseconds / TimeSpan.NanosecondsPerTick));

    private DateTimeOffset ToMoment(long ticks)
    {
        TimeSpan offset = utc ? TimeSpan.Zero : LocalTime.OffsetAt(new DateTime(ticks));
        return new DateTimeOffset(ticks + offset.Ticks, offset);
    }

    private DateTime ToDateTime(long ticks)
    {
        DateTime time = new(ticks, DateTimeKind.Utc);
        return utc ? time : time.ToLocalTime();
    }
}
