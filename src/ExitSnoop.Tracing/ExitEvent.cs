using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using ExitSnoop.Crash;
using ExitSnoop.Linux;
using ExitSnoop.Records;

namespace ExitSnoop;

/// <summary>
/// The exit of one process, or with <see cref="ExitTraceOptions.PerThread"/> of one thread. Immutable. Texts are decoded
/// when they are first read. What was not collected (<see cref="ExitTraceOptions.Basic"/>) or could not be captured is null.
/// </summary>
/// <remarks>
/// The sources below are expressions in do_exit() (kernel/exit.c), where the BPF program runs: <c>task</c> is the thread
/// that exits, the last one of its process; <c>leader</c> is task->group_leader, <c>signal</c> is task->signal.
/// </remarks>
#pragma warning disable CA1710 // Event handlers receive it as their argument, in PowerShell too, but it is first of all the event.
public sealed class ExitEvent : EventArgs
#pragma warning restore CA1710
{
    /// <summary>The <see cref="ExitCode"/> of a process that a signal ended is this plus the number of the signal.</summary>
    internal const int SignalExitCode = 128;

    private const int EmptyArgumentsMaximum = 8;

    private const string ServiceSuffix = ".service";

    private static readonly DecodedTexts<ArgumentList> KnownArguments = new(bytes => SplitArguments(bytes, ""));
    private static readonly DecodedTexts<AncestorList> KnownAncestors = new(ReadAncestors);

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

    /// <param name="record">The record of an exit. The event keeps the array.</param>
    /// <param name="exec">The record of the process's exec, if the command cannot be read at the exit.</param>
    /// <param name="clockOffset">Nanoseconds to add to the record's times to get Unix time.</param>
    /// <param name="utc">Whether the times are in UTC instead of local time.</param>
    /// <param name="label">The <see cref="Label"/>.</param>
    /// <param name="origin">The machine of a recorded exit; null for an exit that was traced now on this machine.</param>
    internal ExitEvent(byte[] record, byte[]? exec, long clockOffset, bool utc, string? label, RecordOrigin? origin = null)
    {
        this.origin = origin;
        bytes = record;
        execBytes = exec;
        this.utc = utc;
        Label = label;
        exitTicks = DateTime.UnixEpoch.Ticks + (((long)Record.ExitTime + clockOffset) / TimeSpan.NanosecondsPerTick);
    }

    /// <summary>Makes an event that was read from JSON.</summary>
    /// <param name="record">A record with its numbers. The times in it are nanoseconds of Unix time.</param>
    /// <param name="utc">Whether the times are in UTC instead of local time.</param>
    /// <param name="label">The <see cref="Label"/>.</param>
    /// <param name="texts">Its texts.</param>
    internal ExitEvent(byte[] record, bool utc, string? label, ExitEventTexts texts)
        : this(record, exec: null, clockOffset: 0, utc, label)
    {
        this.texts = texts;
        (name, arguments, path, workingDirectory) = (texts.Name, texts.Arguments, texts.Path, texts.WorkingDirectory);
        (cgroupPath, cgroupNames, ancestors) = (texts.CgroupPath, texts.CgroupNames, texts.Ancestors);
        CrashReport = texts.CrashReport;
    }

    /// <summary>
    /// The comm of the main thread or, in the event of a thread, of the thread; at most 15 bytes. Bytes that are not UTF-8 become U+FFFD.
    /// Source: leader->comm, or task->comm.
    /// </summary>
    public string Name => name ??= Record.Comm.ToString();

    /// <summary>The process ID, in the PID namespace of the reader. Source: task->tgid.</summary>
    public int Id => (int)Record.Pid;

    /// <summary>
    /// The process ID of the parent at the time of the exit; 0 if the parent is outside of the reader's PID namespace.
    /// Source: leader->real_parent->tgid.
    /// </summary>
    public int ParentId => (int)Record.ParentPid;

    /// <summary>The thread ID, in the PID namespace of the reader; equal to <see cref="Id"/> in the event of a process. Source: task->pid.</summary>
    public int ThreadId => (int)Record.Tid;

    /// <summary>How long the process (or thread) lived, by the boot clock, which keeps running while the machine is suspended.</summary>
    public TimeSpan Age => TimeSpan.FromTicks((long)(Record.ExitTime - Record.StartTime) / TimeSpan.NanosecondsPerTick);

    /// <summary>When the process (or thread) started: <see cref="ExitTime"/> minus <see cref="Age"/>. Source: start_boottime of leader or task.</summary>
    public DateTime StartTime => ToDateTime(exitTicks - Age.Ticks);

    /// <summary>
    /// When it exited, by the wall clock at the time of the exit. Source: bpf_ktime_get_boot_ns() in the BPF program, converted to the wall
    /// clock at most some milliseconds later.
    /// </summary>
    public DateTime ExitTime => ToDateTime(exitTicks);

    /// <summary>
    /// The code that <c>$?</c> shows in sh and bash: 0 to 255, or 128 + the number of the signal. For a kernel thread that
    /// failed, the negative error number. Source: signal->group_exit_code, or leader->exit_code without SIGNAL_GROUP_EXIT, as in
    /// wait_task_zombie(); for a thread, task->exit_code.
    /// </summary>
    public int ExitCode => Wait.ShellCode;

    /// <summary>The signal that ended it, or None. Source: the low seven bits of the status.</summary>
    public Signal Signal => Wait.Signal;

    /// <summary>Whether the kernel wrote a core. Source: bit 7 of the status.</summary>
    public bool CoreDumped => Wait.CoreDumped;

    /// <summary>Whether its status was not 0, or a signal ended it.</summary>
    public bool Failed => Wait.Failed;

    /// <summary>
    /// Whether the OOM killer, a fault or another signal whose default action is a core dump ended it. Null for SIGKILL if
    /// no details were collected (<see cref="ExitTraceOptions.Basic"/>).
    /// </summary>
    public bool? Crashed => SignalTable.CoreDumping.Contains(Signal) ? true : Signal == Signal.KILL ? OomKilled : false;

    /// <summary>
    /// The text of the EXIT_CODE column: "0", "code 5", "signal 11 (SEGV), core dumped"; for a kernel thread that failed, "error -4 (EINTR)".
    /// </summary>
    public string Status => Wait.ToString();

    /// <summary>The text of <see cref="ExitTraceOptions.Label"/>.</summary>
    public string? Label { get; }

    /// <summary>Whether this is the exit of a thread, not of a process.</summary>
    public bool IsThread => Record.Flags.HasFlag(RecordFlags.Thread);

    /// <summary>
    /// The ID of the process that sent the fatal signal, in the PID namespace of the reader, 0 if the sender is outside of it; null if the
    /// kernel itself sent the signal. Source: the tracepoint signal:signal_generate.
    /// </summary>
    public int? SenderId => HasSenderTask ? (int)Detail.SenderPid : null;

    /// <summary>The comm of the sender when it sent the signal, at most 15 bytes.</summary>
    public string? SenderName => HasSenderTask ? texts is null ? Detail.SenderComm.ToString() : texts.SenderName : null;

    /// <summary>The real user ID of the sender in the first user namespace.</summary>
    public uint? SenderUserId => HasSenderTask ? Detail.SenderUid : null;

    /// <summary>The name of the si_code of the fatal signal, which says why it was sent: USER, KERNEL, TKILL, QUEUE, TIMER, MAPERR, ...</summary>
    public string? SignalCode =>
        texts is not null ? texts.SignalCode : HasDetail && Record.Flags.HasFlag(RecordFlags.Sender) ? SignalCodes.GetName(Signal, Detail.SignalCode) : null;

    /// <summary>
    /// The address of the fault, if a fault raised SEGV, BUS, ILL, FPE or TRAP: of the memory for SEGV and BUS, of the instruction for the
    /// others. Source: si_addr of the siginfo.
    /// </summary>
    public ulong? FaultAddress => HasDetail && Record.Flags.HasFlag(RecordFlags.FaultAddress) ? Detail.FaultAddress : null;

    /// <summary>Whether the kernel's OOM killer killed it. Source: signal->oom_mm, if SIGKILL ended it and no other sender of SIGKILL is known.</summary>
    public bool? OomKilled => HasDetail ? Record.Flags.HasFlag(RecordFlags.OomKilled) : null;

    /// <summary>
    /// Why a signal ended it, in a few words: "killed by bash (901)", "segfault (MAPERR) at 0x18 in libvips.so.42!vips_image_new+0x1c",
    /// "out of memory"; null if nothing is known, and for a process that no signal ended.
    /// </summary>
    public string? Reason => texts is not null ? texts.Reason : HasDetail && DeathReason.Describe(Record, Detail) is { } reason
        ? CrashSite is { } site && (SenderId ?? Id) == Id ? $"{reason} in {site}" : reason
        : null;

    /// <summary>
    /// Where it crashed, if a signal ended it whose default action is a core dump, whether or not a core was written: the
    /// function, "libvips.so.42!vips_image_new+0x1c"; without a symbol the module, "libvips.so.42+0x1c3f0"; outside of any
    /// module the address. For a program that aborted itself, the innermost function that is not part of the runtime.
    /// </summary>
    public string? CrashSite => CrashReport?.Site?.Place;

    /// <summary>The instruction pointer of the thread that crashed. Source: task_pt_regs(task).</summary>
    public ulong? InstructionPointer => CrashReport?.InstructionPointer;

    /// <summary>The path of the file that contains <see cref="CrashSite"/>, in the mount namespace of the process. Source: vma->vm_file.</summary>
    public string? CrashModule => CrashReport?.Site?.Module;

    /// <summary>The address of <see cref="CrashSite"/> within its module, as addr2line(1) expects it.</summary>
    public ulong? CrashOffset => CrashReport?.Site?.Offset;

    /// <summary>The build ID of <see cref="CrashModule"/> in hexadecimal digits.</summary>
    public string? CrashBuildId => CrashReport?.Site?.BuildId;

    /// <summary>The function of <see cref="CrashSite"/>, demangled; null if the file has no symbol for it.</summary>
    public string? CrashSymbol => CrashReport?.Site?.Symbol;

    /// <summary>The ID of the thread that crashed, in the PID namespace of the reader.</summary>
    public int? CrashThreadId => CrashReport?.ThreadId;

    /// <summary>The comm of the thread that crashed, at most 15 bytes.</summary>
    public string? CrashThreadName => CrashReport?.ThreadName;

    /// <summary>
    /// The calls of the thread that crashed, from the innermost to the outermost; null unless
    /// <see cref="ExitTraceOptions.StackTrace"/> is set.
    /// </summary>
    public StackFrameList? StackTrace => CrashReport?.StackTrace is { } frames ? new StackFrameList(frames) : null;

    /// <summary>Why the place of the crash, calls or symbols are missing; null if nothing is missing.</summary>
    public string? CrashNote => CrashReport?.Note;

    /// <summary>The arguments in one line, quoted for a POSIX shell; null if none were captured.</summary>
    public string? CommandLine => Arguments?.ToString();

    /// <summary>
    /// The arguments as they were in the memory of the process, at most 4 KiB; null if none were captured. They are read at the
    /// exit; before Linux 6.16, where only a tracepoint can be used, at exec. Source: mm->arg_start.
    /// </summary>
    public ArgumentList? Arguments => arguments ??= SplitArguments();

    /// <summary>The path of the executable; null for a kernel thread or if it was not captured. Source: mm->exe_file.</summary>
    public string? Path => path ??= ReadPath();

    /// <summary>
    /// Whether arguments are missing: there were more than 4 KiB; or a page of them was not in memory when they were
    /// captured; or the range from mm->arg_start to mm->arg_end includes the environment, which is never captured.
    /// </summary>
    public bool CommandLineTruncated => Command.Record.Flags.HasFlag(RecordFlags.ArgumentsCut);

    /// <summary>The real user ID in the first user namespace. Source: current_uid() in the last thread.</summary>
    public uint? UserId => HasDetail ? Detail.Uid : null;

    /// <summary>The real group ID in the first user namespace. Source: current_gid() in the last thread.</summary>
    public uint? GroupId => HasDetail ? Detail.Gid : null;

    /// <summary>
    /// The name of the user. Null if this machine has no user of that ID. Also null for a process in a container without a user
    /// namespace of its own, because its IDs are those of the image; except for root, which has the ID 0 everywhere.
    /// </summary>
    public string? UserName => texts is not null ? texts.UserName : UserId is { } id && (id == 0 || !HasUsersOfItsOwn) ? NameOfUser(id) : null;

    /// <summary>The comm of the parent at the time of the exit, at most 15 bytes. Source: leader->real_parent->group_leader->comm.</summary>
    public string? ParentName => texts is not null ? texts.ParentName : HasDetail ? Detail.ParentComm.ToString() : null;

    /// <summary>The session ID, in the PID namespace of the reader. Source: signal->pids[PIDTYPE_SID].</summary>
    public int? SessionId => HasDetail ? (int)Detail.Session : null;

    /// <summary>
    /// The CPU time of all its threads, exact up to the kernel's last update (at most a tick ago). It is null, as are the page
    /// faults, bytes and switches, if too many threads exit at the same time to add them up. Source: se.sum_exec_runtime,
    /// signal->sum_sched_runtime.
    /// </summary>
    public TimeSpan? TotalProcessorTime => HasSums ? FromNanoseconds(Detail.CpuTime) : null;

    /// <summary>
    /// The part of <see cref="TotalProcessorTime"/> spent in user mode. The kernel counts the two parts in ticks, so
    /// the exact total is divided in their ratio, as cputime_adjust() does for wait4(2). Source: utime, stime.
    /// </summary>
    public TimeSpan? UserProcessorTime => TotalProcessorTime - PrivilegedProcessorTime;

    /// <summary>The part of <see cref="TotalProcessorTime"/> spent in the kernel.</summary>
    public TimeSpan? PrivilegedProcessorTime => HasSums ? FromNanoseconds(SystemTime) : null;

    /// <summary>
    /// The peak of the program's resident memory in bytes. Unlike in wait4(2), memory that the process used before its last
    /// execve(2) does not count. Null for a kernel thread, and if the BPF program runs only after exit_mm(). Source:
    /// mm->hiwater_rss and mm->rss_stat, in pages.
    /// </summary>
    public long? PeakWorkingSet64 => HasDetail && Detail.MaxRss > 0 ? (long)Detail.MaxRss * (origin?.PageSize ?? Environment.SystemPageSize) : null;

    /// <summary>The number of page faults that needed no I/O. Source: min_flt.</summary>
    public long? MinorFaults => HasSums ? (long)Detail.MinorFaults : null;

    /// <summary>The number of page faults that had to read from storage. Source: maj_flt.</summary>
    public long? MajorFaults => HasSums ? (long)Detail.MajorFaults : null;

    /// <summary>Bytes read from storage; reads from the page cache do not count. Source: ioac.read_bytes.</summary>
    public long? ReadBytes => HasSums ? (long)Detail.ReadBytes : null;

    /// <summary>Bytes that were written, or are to be written, to storage. Source: ioac.write_bytes.</summary>
    public long? WriteBytes => HasSums ? (long)Detail.WriteBytes : null;

    /// <summary>How often its threads gave up the processor, for example to wait. Source: nvcsw.</summary>
    public long? VoluntarySwitches => HasSums ? (long)Detail.VoluntarySwitches : null;

    /// <summary>How often its threads were preempted. Source: nivcsw.</summary>
    public long? InvoluntarySwitches => HasSums ? (long)Detail.InvoluntarySwitches : null;

    /// <summary>
    /// The path of its cgroup, from the root of the hierarchy: version 2 if that has the controller memory or pids; otherwise the
    /// version 1 hierarchy of memory, pids or systemd. If the path has more than 32 components or about 1,000 bytes, only its end
    /// is known, and it begins with "...". Source: task->cgroups.
    /// </summary>
    public string? CgroupPath => HasDetail ? cgroupPath ??= ReadCgroupPath() : null;

    /// <summary>
    /// The ID or name of the container, derived from <see cref="CgroupPath"/>; null if it was in no container. Docker, containerd, CRI-O,
    /// Podman, LXC, Incus, Proxmox, ECS, Garden, BuildKit, systemd-nspawn and Nomad are known.
    /// </summary>
    public string? ContainerId => CgroupNames?.ContainerId;

    /// <summary>The UID of its Kubernetes pod, derived from <see cref="CgroupPath"/>; null if it was in no pod.</summary>
    public string? PodId => CgroupNames?.PodId;

    /// <summary>
    /// Its systemd service, of the system manager or a user manager, derived from <see cref="CgroupPath"/>: <c>nginx.service</c>; null if it
    /// was in no service.
    /// </summary>
    public string? ServiceName => CgroupNames?.ServiceName;

    /// <summary>Its ancestors at the exit, the parent first, at most 8. Source: real_parent of each process.</summary>
    public AncestorList? Ancestors => HasDetail ? ancestors ??= ReadAncestors() : null;

    /// <summary>
    /// The ID of the user who logged in, which sudo and su do not change, in the first user namespace; null for a process that no login
    /// started, and on kernels without audit. Source: leader->loginuid.
    /// </summary>
    public uint? LoginUserId => HasDetail && Detail.LoginUid != uint.MaxValue ? Detail.LoginUid : null;

    /// <summary>The name of <see cref="LoginUserId"/>; null if this machine has no user of that ID.</summary>
    public string? LoginUserName => texts is not null ? texts.LoginUserName : LoginUserId is { } id ? NameOfUser(id) : null;

    /// <summary>Its controlling terminal, as ps(1) shows it: <c>pts/3</c>, <c>tty1</c>; null if it had none. Source: signal->tty->name.</summary>
    public string? Terminal => texts is not null ? texts.Terminal : HasDetail ? TerminalName(Detail.Terminal.ToString()) : null;

    /// <summary>
    /// Its working directory at the exit, in its own mount namespace; null for a kernel thread. If the path has more than 1 KiB or 32
    /// components, only its end is known, and it begins with "...". Source: task->fs->pwd.
    /// </summary>
    public string? WorkingDirectory => workingDirectory ??= ReadWorkingDirectory();

    /// <summary>
    /// Whether it has executed a program since its fork. If not, for example because posix_spawn(3) failed, it still has the name of its
    /// parent. Source: PF_FORKNOEXEC in leader->flags.
    /// </summary>
    public bool? Executed => HasDetail ? Record.Flags.HasFlag(RecordFlags.Executed) : null;

    /// <summary>Its process ID in its own PID namespace, which getpid(2) returned to it. Source: signal->pids[PIDTYPE_TGID]->numbers[level].</summary>
    public int? NamespaceId => HasDetail ? (int)Detail.NamespacePid : null;

    /// <summary>Its process ID in the first PID namespace, which is that of the host. Source: task->tgid.</summary>
    public int? HostId => HasDetail ? (int)Record.HostPid : null;

    /// <summary>The host name of the machine on which it exited: of this machine, of the recording or in the JSON; null if the JSON has none.</summary>
    public string? HostName => texts is not null ? texts.HostName : origin is not null ? origin.Host : Environment.MachineName;

    /// <summary>Whether its times are in UTC.</summary>
    internal bool IsUtc => utc;

    /// <summary><see cref="StartTime"/> in the local time of libc, whose zone .NET may not know.</summary>
    internal DateTimeOffset StartMoment => ToMoment(exitTicks - Age.Ticks);

    /// <summary><see cref="ExitTime"/> in the local time of libc, whose zone .NET may not know.</summary>
    internal DateTimeOffset ExitMoment => ToMoment(exitTicks);

    /// <summary>Where it crashed; null if it did not crash.</summary>
    internal CrashReport? CrashReport { get; set; }

    /// <summary>When it started, in nanoseconds of the boot clock. IDs are reused; the ID and this time together are not.</summary>
    internal ulong StartTimestamp => Record.StartTime;

    internal ulong ExitTimestamp => Record.ExitTime;

    /// <summary>The bytes of <see cref="Name"/>.</summary>
    internal ReadOnlySpan<byte> Comm => Record.Comm.Text;

    /// <summary>
    /// The event as a JSON object in one line, with all properties. Times are ISO 8601 with the offset from UTC, durations
    /// are numbers of seconds, addresses are hexadecimal strings. Control characters and invisible characters are escaped.
    /// </summary>
    public string ToJson()
    {
        ArrayBufferWriter<byte> json = new(2048);
        WriteJson(json);
        return Encoding.UTF8.GetString(json.WrittenSpan);
    }

    /// <summary>
    /// Reads an event that <see cref="ToJson"/> or the console program's --json wrote: an object in one or several lines. Texts such as the
    /// names of users are those of the machine that wrote them. Times that were written in UTC stay in UTC; others become local times.
    /// </summary>
    /// <exception cref="FormatException">The text is not JSON, or not the JSON of an event. The message says what is wrong.</exception>
    public static ExitEvent FromJson(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return ExitEventJsonReader.Read(json, utc: false);
    }

    /// <summary>Writes the text of <see cref="ToJson"/> in UTF-8.</summary>
    public void WriteJson(IBufferWriter<byte> output)
    {
        using Utf8JsonWriter writer = new(output, ExitEventJson.Options);
        ExitEventJson.Write(writer, this);
    }

    /// <summary>Writes the object with the encoder and indentation of the given writer. Does not flush the writer.</summary>
    public void WriteJson(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ExitEventJson.Write(writer, this);
    }

    /// <summary>The name, ID and status in one line.</summary>
    public override string ToString() => $"{DisplayText.Escape(Name)} ({Id}): {Status}";

    /// <summary>
    /// Whether the comm matches, or the file name of the executable. Both are tested, because programs change their comm
    /// and the kernel truncates it to 15 bytes.
    /// </summary>
    internal bool IsNamed(Func<string, bool> matches) =>
        matches(Name) || (Path is { } whole && matches(System.IO.Path.GetFileName(whole)));

    /// <summary>Whether the name of its service matches, with or without the suffix <c>.service</c>.</summary>
    internal bool IsOfService(Func<string, bool> matches) => ServiceName is { } service && IsOfService(service, matches);

    /// <summary>Whether the name of a service matches, with or without the suffix.</summary>
    internal static bool IsOfService(string service, Func<string, bool> matches) =>
        matches(service) || matches(service[..^ServiceSuffix.Length]);

    private ref readonly ExitRecord Record => ref MemoryMarshal.AsRef<ExitRecord>(bytes);

    private ref readonly ExitDetail Detail => ref MemoryMarshal.AsRef<ExitDetail>(bytes.AsSpan(RecordView.DetailOffset));

    private bool HasDetail => Record.Flags.HasFlag(RecordFlags.Detail);

    /// <summary>Whether the resources of all threads could be added up.</summary>
    private bool HasSums => HasDetail && !Record.Flags.HasFlag(RecordFlags.SumsUnknown);

    private bool HasSenderTask => HasDetail && Record.Flags.HasFlag(RecordFlags.SenderTask);

    // In a container, an ID may belong to a user of the image. This does not apply to the reader's own container, which has the
    // same process IDs, nor to a user namespace, because the kernel translates its IDs to those of the first namespace.
    private bool HasUsersOfItsOwn =>
        NamespaceId != Id && ContainerId is not null && !Record.Flags.HasFlag(RecordFlags.UserNamespace);

    private WaitStatus Wait => new(Record.WaitStatus, Record.Flags.HasFlag(RecordFlags.KernelThread));

    internal RecordView View => RecordView.TryParse(bytes, out RecordView view) ? view : default;

    /// <summary>The record that contains the command: that of the exit or that of the exec.</summary>
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
        ReadOnlySpan<AncestorRecord> others = View.Ancestors;
        AncestorRecord parent = new() { Pid = Record.ParentPid, Comm = Detail.ParentComm };
        return KnownAncestors.Get(MemoryMarshal.AsBytes(ParentId > 0 ? [parent, .. others] : others));
    }

    private static AncestorList ReadAncestors(ReadOnlySpan<byte> bytes)
    {
        List<Ancestor> list = [];
        foreach (AncestorRecord ancestor in MemoryMarshal.Cast<byte, AncestorRecord>(bytes))
            list.Add(new Ancestor(ancestor.Comm.ToString(), (int)ancestor.Pid));
        return new AncestorList([.. list]);
    }

    // The kernel's name is that of the driver followed by the number (tty_line_name() in drivers/tty/tty_io.c).
    private static string? TerminalName(string name) =>
        name.Length == 0 ? null : name.StartsWith("pts", StringComparison.Ordinal) ? "pts/" + name[3..] : name;

    private ArgumentList? SplitArguments()
    {
        RecordView command = Command;
        if (!command.HasDetail || command.Arguments.IsEmpty)
            return null;
        return command.Record.Flags.HasFlag(RecordFlags.ArgumentsHeadCut)
            ? SplitArguments(command.Arguments, "...")
            : KnownArguments.Get(command.Arguments);
    }

    private static ArgumentList SplitArguments(ReadOnlySpan<byte> all, string before)
    {
        ReadOnlySpan<byte> text = all.TrimEnd((byte)0);
        // A program that writes a title over its arguments fills the rest with NULs. A few NULs at the end are empty arguments.
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
        list[0] = before + list[0];
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
