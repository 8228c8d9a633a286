using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using ExitSnoop.Linux;
using ExitSnoop.Recording;
using ExitSnoop.Records;

namespace ExitSnoop;

/// <summary>
/// Records exits in a directory, with all properties of their events, so that <see cref="ExitRecording"/> can read them later:
/// <code>
/// using ExitRecorder recorder = ExitRecorder.Start(new ExitTraceOptions(), new ExitRecorderOptions { Directory = "/var/log/exitsnoop" });
/// recorder.Wait(Timeout.InfiniteTimeSpan);
/// </code>
/// </summary>
/// <remarks>
/// One thread takes the records from the trace and writes them at most a second after the exit. Another thread calls fsync(2)
/// five seconds after a write. docs/recording-format.md says what a crash of the recorder or a power failure can destroy.
/// </remarks>
public sealed class ExitRecorder : IDisposable
{
    /// <summary>How many records are written between two checks of what is due.</summary>
    private const int TickInterval = 1024;

    /// <summary>
    /// Milliseconds to wait after the queue was emptied, so that records collect in it. Under load there are new ones every few
    /// microseconds, and waking up for each few of them would take CPU time from the processes of the machine.
    /// </summary>
    private const int GatherTime = 50;

    private readonly RecordingWriter writer;
    private readonly ConcurrentQueue<string> messages = new();
    private readonly ManualResetEventSlim ended = new(), stopped = new();
    private readonly SemaphoreSlim changed = new(0);
    private readonly Thread thread;
    private ulong lossSince;

    private ExitRecorder(ExitTrace trace, RecordingFolder folder, RecordingLimits limits, RecordingMachine machine, string filters)
    {
        Trace = trace;
        lossSince = (ulong)machine.Boot();
        writer = new RecordingWriter(folder, limits, machine, filters, Report);
        thread = new Thread(Run) { IsBackground = true, Name = "ExitSnoop recorder" };
        thread.Start();
        trace.Metrics?.Include(() => Status);
    }

    /// <summary>The trace whose events are recorded. Only the recorder may read its events.</summary>
    public ExitTrace Trace { get; }

    /// <summary>The counters of the recorder up to now. Can be read on any thread.</summary>
    public ExitRecorderStatus Status => new()
    {
        Events = writer.Exits,
        Bytes = writer.Bytes,
        Size = writer.Size,
        Lost = Trace.LostCount,
        Missed = writer.Missed,
        Pauses = writer.Pauses,
        SyncFailures = writer.SyncFailures,
        PauseReason = writer.PauseReason,
    };

    /// <summary>The exception that ended the recording before it was stopped; null if there was none.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Starts to trace and to record. Every exit after the return of this method is recorded.</summary>
    /// <param name="trace">What to trace: the filters, the number of events and the time limit.</param>
    /// <param name="options">Where to keep the recording, and its limits.</param>
    /// <exception cref="ExitRecordingException">The directory cannot be used. The message says why.</exception>
    /// <exception cref="ExitTraceException">Exits cannot be traced. The message says what to do.</exception>
    public static ExitRecorder Start(ExitTraceOptions trace, ExitRecorderOptions options)
    {
        ArgumentNullException.ThrowIfNull(trace);
        ArgumentNullException.ThrowIfNull(options);
        Check(options);
        RecordingFolder folder = Open(options);
        ExitTrace? running = null;
        try
        {
            running = ExitTrace.Start(trace);
            WallClockOffset clocks = new(Clocks.Boot, trace.WallClock ?? Clocks.Wall);
            RecordingMachine machine = new() { Head = SegmentHead.Here(), WallOffset = clocks.Sample };
            machine = options.Machine?.Invoke(machine) ?? machine;
            RecordingLimits limits = new(options.MaxSize, options.MaxAge, options.FreeOf, options.KeepArguments);
            return new ExitRecorder(running, folder, limits, machine, RecordedFilters.Describe(trace));
        }
        catch
        {
            running?.Dispose();
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Waits until the recording has ended: it was stopped, it failed, or its time limit or number of events was reached.</summary>
    /// <param name="timeout">How long to wait at most; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <param name="cancellation">Cancels the wait, not the recording.</param>
    /// <returns>Whether the recording has ended.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public bool Wait(TimeSpan timeout, CancellationToken cancellation = default) => ended.Wait(timeout, cancellation);

    /// <summary>Waits until there is a message to take or the recording has ended.</summary>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public void WaitForMessage(CancellationToken cancellation = default)
    {
        while (messages.IsEmpty && !ended.IsSet)
            changed.Wait(cancellation);
    }

    /// <summary>Takes the next message, for example about a loss, a full disk or a failed fsync; false if there is none.</summary>
    public bool TryTakeMessage([NotNullWhen(true)] out string? message) => messages.TryDequeue(out message);

    /// <summary>Ends the recording. Exits until now are still written. Can be called on any thread.</summary>
    public void Stop()
    {
        Trace.Stop();
        stopped.Set();
    }

    /// <summary>Ends the recording and waits until all of it is written and synced.</summary>
    public void Dispose()
    {
        Stop();
        thread.Join();
        Trace.Dispose();
        ended.Dispose();
        stopped.Dispose();
        changed.Dispose();
    }

    private static void Check(ExitRecorderOptions options)
    {
        static void Require(bool condition, string message)
        {
            if (!condition)
                throw new ExitRecordingException(ExitRecordingError.InvalidOption, message);
        }

        Require(options.MaxSize >= ExitRecorderOptions.SmallestSize, "The maximum size of a recording must be at least 1 MiB.");
        Require(options.MaxAge > TimeSpan.Zero && options.MaxAge.TotalSeconds <= ExitTraceOptions.MaximumSeconds, "The maximum age must be more than 0 and at most 1000000000 seconds.");
        Require(options.KeepFree is null or >= 0, "The size to keep free must be 0 or more.");
        Require(options.KeepFreePercent is null or (>= 0 and < 100), "The part to keep free must be from 0 to 99 percent.");
    }

    private static RecordingFolder Open(ExitRecorderOptions options)
    {
        string folder = options.Directory;
        uint? group = null;
        if (options.Group is { } name)
            group = FileCalls.GroupId(name) ?? throw new ExitRecordingException(ExitRecordingError.InvalidOption, $"There is no group '{name}'.");
        try
        {
            return RecordingFolder.Open(folder, group);
        }
        catch (FolderInUseException)
        {
            throw new ExitRecordingException(ExitRecordingError.InUse, $"Another recorder writes to {folder}. Stop it, or record to another directory.");
        }
        catch (FolderUnsafeException)
        {
            throw new ExitRecordingException(
                ExitRecordingError.Unsafe, $"{folder} belongs to another user, or others can write to it. Use a directory that only its owner can write to (chmod go-w).");
        }
        catch (Win32Exception refused)
        {
            throw new ExitRecordingException(
                refused.NativeErrorCode is LibC.EACCES or LibC.EPERM ? ExitRecordingError.NoPermission : ExitRecordingError.CannotWrite,
                $"The directory {folder} cannot be used: {refused.Message}.", refused);
        }
    }

    private void Run()
    {
        try
        {
            while (true)
            {
                int taken = 0;
                while (Trace.TryReadRecord(out ReceivedExit exit))
                {
                    _ = RecordView.TryParse(exit.Exec, out RecordView command);
                    writer.Add(exit.Record, command, exit.Crash is null ? [] : CrashJson.Write(exit.Crash), exit.ClockOffset);
                    if (++taken % TickInterval == 0)
                        Tick();
                }
                Tick();
                if (Trace.IsCompleted)
                    break;
                Trace.WaitForEvents(writer.UntilDue);
                stopped.Wait(GatherTime);
            }
        }
        catch (Exception failure)
        {
            // An unhandled exception on this thread would end the process, so it is stored.
            Failure = failure;
        }
        Finish();
    }

    private void Finish()
    {
        try
        {
            Trace.Stop();
            writer.Stop();
        }
        catch (Exception failure)
        {
            Failure ??= failure;
        }
        writer.Dispose();
        ended.Set();
        changed.Release();
    }

    private void Tick()
    {
        while (Trace.TryTakeLoss(out ExitTraceLoss? loss))
        {
            Report(loss.Message);
            if (loss.IsTotal)
                continue;
            writer.AddLoss(lossSince, loss.Count, loss.IsUpperBound, loss.Message);
            lossSince = (ulong)Clocks.Boot();
        }
        while (Trace.TryTakeMetricsMessage(out string? message))
            Report(message);
        foreach (int id in Trace.TakeMissingIds())
            Report(string.Create(CultureInfo.InvariantCulture, $"no process has the ID {id}"));
        foreach (int id in Trace.TakeUnseenIds())
            Report(string.Create(CultureInfo.InvariantCulture, $"process {id} has exited, but the kernel did not run the BPF program for its exit"));
        writer.Tick();
    }

    private void Report(string message)
    {
        messages.Enqueue(message);
        changed.Release();
    }
}
