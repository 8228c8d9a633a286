using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using ExitSnoop.Bpf;
using ExitSnoop.Crash;
using ExitSnoop.Linux;
using ExitSnoop.Reading;
using ExitSnoop.Records;

namespace ExitSnoop;

/// <summary>
/// A running trace of process exits: <see cref="Start"/> it, read its events, dispose it.
/// <code>
/// using ExitTrace trace = ExitTrace.Start(new ExitTraceOptions { Failed = true });
/// foreach (ExitEvent exit in trace.ReadEvents(cancellation))
///     Console.WriteLine($"{exit.ExitTime:T} {exit.Name} {exit.Status}");
/// </code>
/// </summary>
/// <remarks>
/// A background thread moves the records from the kernel into a queue in memory, so that a slow reader loses nothing. The
/// queue is limited to 256 MiB and to a quarter of the memory that the process may use. <see cref="LostCount"/> counts
/// lost events. Only one thread may read at a time. <see cref="Stop"/> can be called on any thread.
/// <para>
/// Events are returned in the order of their <see cref="ExitEvent.ExitTime"/>, whatever CPU they come from: a process
/// comes after those that it waited for. The only exception is an exit whose record takes more than 10 ms to be written,
/// because the kernel (from Linux 7.0 on) or a hypervisor preempts the BPF program: it is returned later.
/// </para>
/// </remarks>
public sealed class ExitTrace : IDisposable
{
    private const long QueueMaximum = 256L << 20;

    private readonly ExitTraceOptions options;
    private readonly ExitHook hook;
    private readonly ExitFilter filter;
    private readonly bool isFiltered;
    private readonly RecordQueue queue;
    private readonly RecordReader reader;
    private readonly CommandMemory? commands;
    private readonly LossReport lossReport;
    private readonly TimeLimit? timeLimit;
    private readonly CrashTrace? crashes;
    private readonly TraceMetrics? metrics;
    private RecordQueue.Chunk? chunk;
    private (ExitEvent Exit, byte[]? Exec, long ClockOffset, RecordedCrash Crash)? held;
    private long eventsLeft;
    private int end;
    private bool failureThrown;

    internal ExitTrace(ExitTraceOptions options, ExitProgram program, TraceMetrics? metrics = null)
    {
        this.options = options;
        this.metrics = metrics;
        filter = new ExitFilter(options);
        isFiltered = ExitFilter.IsSet(options);
        hook = program.Hook;
        eventsLeft = options.MaxEvents ?? long.MaxValue;
        long queueSize = Math.Min(QueueMaximum, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4);
        queue = new RecordQueue(queueSize);
        lossReport = new LossReport(options.BufferSize, queueSize, isFiltered, () => Environment.TickCount64);
        if (!options.Basic && hook.IsAfterMemory)
        {
            commands = new CommandMemory();
            commands.ReadProc();
        }
        if (program.CrashRingFd is { } ring)
        {
            crashes = new CrashTrace(ring, new Unwinder(options.UnwinderProgram ?? UnwinderProgram.Find(), options.StackTrace), queue.Signal);
            program.Unloading = crashes.EndRecords;
        }
        try
        {
            reader = RecordReader.Start(program, options.ForProgram(), queue, options.WallClock);
        }
        catch
        {
            crashes?.Dispose();
            throw;
        }
        metrics?.Begin(() => new TraceFigures(KernelRelease, AttachType, reader.Losses, QueuedBytes, program.Source.TakeFill()), queue.Signal);
        timeLimit = options.TimeLimit is { } limit ? new TimeLimit(limit, () => EndBy(ExitTraceEnd.TimeLimit)) : null;
    }

    /// <summary>How the BPF program is attached: "tp_btf", "kprobe.multi", "fentry", or "raw_tp" if the kernel supports no other way.</summary>
    public string AttachType => hook.AttachType;

    /// <summary>What is attached where: "kprobe.multi on taskstats_exit and raw_tp on sched_process_exit".</summary>
    public string Attachment => hook.Description;

    /// <summary>Why it is attached there on this kernel, as a sentence.</summary>
    public string AttachReason => hook.Reason;

    /// <summary>The running kernel's release, as <c>uname -r</c> shows it.</summary>
    public string KernelRelease { get; } = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();

    /// <summary>The version of libbpf, as in "v1.1.2".</summary>
    public string LibBpfVersion { get; } = LibBpf.Version;

    /// <summary>The file that libbpf was loaded from; the file of this program if libbpf is linked into it.</summary>
#pragma warning disable CA1822 // An instance member like the version; that all traces share it is an implementation detail.
    public string LibBpfPath => LibBpf.Path;

    /// <summary>
    /// Why this libbpf was chosen: "the system's", "named by EXITSNOOP_LIBBPF", "linked into this program", "ExitSnoop's own: the system has
    /// none".
    /// </summary>
    public string LibBpfReason => LibBpf.Reason;
#pragma warning restore CA1822

    /// <summary>
    /// How the places of crashes are found, or why they are not found, as a sentence. Null if no crash can be among the events. Reading this
    /// property loads libdw for a moment.
    /// </summary>
    public string? CrashSupport => !options.CanCrash ? null
        : crashes is null ? "Crashes are reported without their place, because this kernel does not support capturing it (Linux 6.1 and later do)."
        : Unwinder.IsLibDwInstalled ? "Calls and functions of crashes are found with libdw."
        : "libdw is not installed (libdw1, elfutils-libs): only programs that keep frame pointers show the calls of a crash, and functions have no names.";

    /// <summary>The size of the ring buffers of all processors together, in MiB.</summary>
    public int BufferSize => options.BufferSize;

    /// <summary>How the program knows the last thread of a process: from the hook ("group_dead"), or because exits are claimed in a map ("claimed").</summary>
    public string GroupDeath => hook.Claims ? "claimed" : "group_dead";

    /// <summary>
    /// How many events were lost since the start: the ring buffer or the queue in memory was full, or the kernel did not run the BPF program.
    /// It is an upper bound if the kernel did not run the program or if events are filtered outside of the kernel. Can be read on any thread.
    /// </summary>
    public long LostCount => reader.Losses.Total;

    /// <summary>The IDs of <see cref="ExitTraceOptions.Ids"/> whose processes have not exited.</summary>
    public IReadOnlyCollection<int> AliveIds => reader.Watched?.Alive ?? [];

    /// <summary>Whether the trace has ended and all its events have been read. <see cref="End"/> says what ended it.</summary>
    public bool IsCompleted => eventsLeft == 0 || (reader.IsFinished && held is null && chunk is null && queue.IsEmpty && !HasFailureToThrow);

    /// <summary>What ended the trace. There may still be events to read.</summary>
    public ExitTraceEnd End =>
        Volatile.Read(ref end) is var first and not 0 ? (ExitTraceEnd)first
        : reader.IsFinished ? reader.Failure is null ? ExitTraceEnd.NothingLeft : ExitTraceEnd.Failed
        : ExitTraceEnd.None;

    /// <summary>How many bytes of memory the waiting events take.</summary>
    internal long QueuedBytes => queue.Bytes;

    /// <summary>The metrics; null without <see cref="ExitTraceOptions.MetricsFile"/>.</summary>
    internal TraceMetrics? Metrics => metrics;

    private bool HasFailureToThrow => eventsLeft > 0 && reader.IsFinished && reader.Failure is not null && !failureThrown;

    /// <summary>Loads the BPF program and attaches it. Every exit after the return of this method is traced.</summary>
    /// <exception cref="ExitTraceException">An option is invalid, or the program could not be attached. The message says what to do.</exception>
    public static ExitTrace Start(ExitTraceOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!OperatingSystem.IsLinux())
            throw ExitTraceErrors.NotLinux();
        Check(options);
        TraceMetrics? metrics = options.MetricsFile is { } file ? TraceMetrics.Open(file, options.ServiceFilter) : null;
        ExitProgram? program = null;
        try
        {
            program = ExitProgram.Start(options.ForProgram(), CgroupHierarchy.Find());
            return new ExitTrace(options, program, metrics);
        }
        catch (Exception failure)
        {
            program?.Dispose();
            if (ExitTraceErrors.OfStart(failure) is { } meaning)
                throw meaning;
            throw;
        }
    }

    /// <summary>
    /// Waits until there is something to take: an event (<see cref="TryRead"/>), a loss (<see cref="TryTakeLoss"/>), an ID
    /// without a process or without an event (<see cref="TakeMissingIds"/>, <see cref="TakeUnseenIds"/>), a message about the
    /// metrics (<see cref="TryTakeMetricsMessage"/>); or until the trace has ended.
    /// </summary>
    /// <param name="timeout">How long to wait at most; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <param name="cancellation">Cancels the wait, not the trace.</param>
    /// <returns>False if the time has passed.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public bool WaitForEvents(TimeSpan timeout, CancellationToken cancellation = default)
    {
        if (CanRead || IsCompleted || HasFailureToThrow || reader.Watched is { HasIdsToTake: true })
            return true;
        TimeSpan loss = lossReport.UntilDue(reader.Losses);
        bool lossFirst = loss != Timeout.InfiniteTimeSpan && (timeout == Timeout.InfiniteTimeSpan || loss < timeout);
        return queue.Wait(lossFirst ? loss : timeout, cancellation) || lossFirst;
    }

    /// <summary>Takes the next event without waiting; false if there is none now.</summary>
    /// <exception cref="ExitTraceException">Memory or file descriptors ran out, so the trace has ended early. Thrown once, after the last event.</exception>
    public bool TryRead([NotNullWhen(true)] out ExitEvent? exit)
    {
        if (TryReadRecord(out ReceivedExit received))
        {
            exit = received.Event ?? Event(received);
            exit.CrashReport = received.Crash;
            return true;
        }
        exit = null;
        return false;
    }

    /// <summary>
    /// Takes the next exit as a record of the kernel, without waiting. It is used instead of <see cref="TryRead"/> and returns the same
    /// exits in the same order.
    /// </summary>
    /// <exception cref="ExitTraceException">As for <see cref="TryRead"/>.</exception>
    internal bool TryReadRecord(out ReceivedExit exit)
    {
        if (held is not null)
            return TryTakeHeld(out exit);
        while (eventsLeft > 0 && (chunk ??= queue.Take()) is { } current)
        {
            while (current.TryRead(out ReadOnlySpan<byte> bytes, out long clockOffset))
            {
                if (!RecordView.TryParse(bytes, out RecordView record) || !TakeCommand(record, out byte[]? exec))
                    continue;
                exit = new ReceivedExit(record, exec, clockOffset);
                if (isFiltered)
                {
                    exit.Event = Event(exit);
                    if (!filter.Wants(exit.Event))
                    {
                        // Removes its crash, which is no longer needed.
                        _ = crashes?.Find(exit.Task);
                        continue;
                    }
                }
                if (crashes?.Find(exit.Task) is { } crash && (exit.Crash = crash.Report) is null)
                {
                    // The stack is still being unwound. Events stay in order, so those after this one wait, too.
                    held = (exit.Event ?? Event(exit), exec, clockOffset, crash);
                    exit = default;
                    return false;
                }
                CountEvent(exit);
                return true;
            }
            queue.Return(current);
            chunk = null;
        }
        if (HasFailureToThrow)
        {
            failureThrown = true;
            throw ExitTraceErrors.CannotRead(reader.Failure!);
        }
        exit = default;
        return false;
    }

    /// <summary>Enumerates all events until the trace has ended. Blocks the thread while there are none.</summary>
    /// <param name="cancellation">Cancels the enumeration, not the trace.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    /// <exception cref="ExitTraceException">Memory or file descriptors ran out, so the trace has ended early.</exception>
    public IEnumerable<ExitEvent> ReadEvents(CancellationToken cancellation = default)
    {
        while (!IsCompleted)
        {
            WaitForEvents(Timeout.InfiniteTimeSpan, cancellation);
            while (TryRead(out ExitEvent? exit))
                yield return exit;
        }
    }

    /// <summary>Enumerates all events until the trace has ended. Does not block a thread while there are none.</summary>
    /// <param name="cancellation">Cancels the enumeration, not the trace.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    /// <exception cref="ExitTraceException">Memory or file descriptors ran out, so the trace has ended early.</exception>
    public async IAsyncEnumerable<ExitEvent> ReadEventsAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        while (!IsCompleted)
        {
            if (!CanRead && !HasFailureToThrow)
                await queue.WaitAsync(cancellation).ConfigureAwait(false);
            while (TryRead(out ExitEvent? exit))
                yield return exit;
        }
    }

    /// <summary>
    /// Takes the next loss to report. The first is available as soon as it is known, later ones at most once a second, and the
    /// sum when <see cref="IsCompleted"/> is true. Returns false if there is nothing to report now.
    /// </summary>
    public bool TryTakeLoss([NotNullWhen(true)] out ExitTraceLoss? loss)
    {
        loss = lossReport.Take(reader.Losses, IsCompleted);
        return loss is not null;
    }

    /// <summary>Takes the next message about <see cref="ExitTraceOptions.MetricsFile"/>: it cannot be written, or it is written again.</summary>
    public bool TryTakeMetricsMessage([NotNullWhen(true)] out string? message)
    {
        message = null;
        return metrics is not null && metrics.TryTakeMessage(out message);
    }

    /// <summary>Takes the IDs of <see cref="ExitTraceOptions.Ids"/> that no process had when the trace began. Each is returned once.</summary>
    public IReadOnlyList<int> TakeMissingIds()
    {
        List<int> ids = [];
        while (reader.Watched is { } watched && watched.TryTakeMissing(out int id))
            ids.Add(id);
        return ids;
    }

    /// <summary>
    /// Takes the IDs of <see cref="ExitTraceOptions.Ids"/> whose processes exited during the trace without an event, because the
    /// kernel did not run the BPF program for the exit (Linux 7.0 and later can skip it). Each is returned once.
    /// </summary>
    public IReadOnlyList<int> TakeUnseenIds()
    {
        List<int> ids = [];
        while (reader.Watched is { } watched && watched.TryTakeUnseen(out int id))
            ids.Add(id);
        return ids;
    }

    /// <summary>
    /// Ends the trace and detaches the program before it returns. Events until then can still be read. Can be called on any
    /// thread.
    /// </summary>
    public void Stop() => EndBy(ExitTraceEnd.Stopped);

    /// <summary>Ends the trace and unloads the program.</summary>
    public void Dispose()
    {
        timeLimit?.Dispose();
        Stop();
        reader.Dispose();
        metrics?.Dispose();
        crashes?.Dispose();
        queue.Dispose();
    }

    /// <summary>Whether there is an event that does not wait for the unwinder.</summary>
    private bool CanRead => held is { } waiting ? waiting.Crash.Report is not null : chunk is not null || !queue.IsEmpty;

    private void CountEvent(in ReceivedExit exit)
    {
        metrics?.Count(exit.Record);
        if (--eventsLeft == 0)
            EndBy(ExitTraceEnd.MaxEvents);
    }

    private void EndBy(ExitTraceEnd reason)
    {
        if (!reader.IsFinished)
            Interlocked.CompareExchange(ref end, (int)reason, 0);
        reader.Stop();
    }

    /// <summary>Takes the exit for which the others wait, if its stack has been unwound.</summary>
    private bool TryTakeHeld(out ReceivedExit exit)
    {
        exit = default;
        if (held is not { } waiting || waiting.Crash.Report is not { } report)
            return false;
        held = null;
        exit = new ReceivedExit(waiting.Exit.View, waiting.Exec, waiting.ClockOffset) { Event = waiting.Exit, Crash = report };
        CountEvent(exit);
        return true;
    }

    /// <summary>Finds the command of an exit. Returns false for the record of an exec, which it stores.</summary>
    private bool TakeCommand(in RecordView record, out byte[]? exec)
    {
        exec = null;
        if (record.Record.Flags.HasFlag(RecordFlags.Exec))
        {
            commands?.Add(record, record.Bytes.ToArray());
            return false;
        }
        exec = commands?.Find(record.Record);
        return true;
    }

    private ExitEvent Event(in ReceivedExit exit) =>
        new(exit.Record.Bytes.ToArray(), exit.Exec, exit.ClockOffset, options.Utc, options.Label);

    private static void Check(ExitTraceOptions options)
    {
        static void Require(bool condition, string message)
        {
            if (!condition)
                throw new ExitTraceException(ExitTraceError.InvalidOption, message);
        }

        Require(
            ExitTraceOptions.IsBufferSize(options.BufferSize),
            $"The buffer size is {options.BufferSize} MiB; it must be a power of two from "
            + $"{ExitTraceOptions.MinimumBufferSize} to {ExitTraceOptions.MaximumBufferSize}.");
        Require(!options.IncludeChildren || options.Ids.Count > 0, ExitTraceErrors.DescendantsOfNone);
        Require(
            options.Signals.All(signal => signal is > Signal.None and <= Signal.RTMAX),
            "A signal is a number from 1 (HUP) to 64 (RTMAX).");
        Require(options.ExitCodes.All(code => code is >= 0 and <= 255), "An exit code is a number from 0 to 255.");
        Require(
            options.MinimumAge.TotalSeconds is >= 0 and <= ExitTraceOptions.MaximumSeconds,
            $"The minimum age must be from 0 to {ExitTraceOptions.MaximumSeconds} seconds.");
        Require(options.MaxEvents is null or > 0, "The maximum number of events must be at least 1.");
        Require(
            options.TimeLimit is not { TotalSeconds: < 0 or > ExitTraceOptions.MaximumSeconds },
            $"The time limit must be from 0 to {ExitTraceOptions.MaximumSeconds} seconds.");
        Require(
            options.BtfPath is null || !LibC.IsSecureExecution,
            "A BTF file decides which kernel memory the BPF program reads, so it cannot be given to a program that has file capabilities or a setuid bit.");
        Require(
            ExitFilter.Signals(options) is not { } signals || signals.Count > 0,
            "The filters exclude each other: none of these signals is that of a crash or of the OOM killer.");
        Require(
            options.Signals.Count == 0 || options.ExitCodes.Count == 0
                || options.Signals.Any(signal => options.ExitCodes.Contains(ExitEvent.SignalExitCode + (int)signal)),
            $"The filters exclude each other: a process that a signal ended has {ExitEvent.SignalExitCode} plus the signal's number as its exit code.");
        Require(
            !options.Basic || !ExitFilter.NeedsDetails(options),
            "A basic trace leaves out paths, services, containers, excluded users, crashes and OOM kills, so it cannot filter by them.");
        Require(
            options.MetricsFile is null || !(options.Basic || options.PerThread),
            "Metrics count processes by service, which a basic trace and a trace of threads leave out.");
        Require(
            !options.Failed || options.ExitCodes.Count == 0 || options.ExitCodes.Any(code => code != 0),
            "The filters exclude each other: an exit code of 0 is not a failure.");
    }
}
