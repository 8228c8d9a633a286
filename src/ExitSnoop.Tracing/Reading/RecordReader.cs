using System.ComponentModel;
using System.Runtime.InteropServices;
using ExitSnoop.Bpf;
using ExitSnoop.Linux;
using ExitSnoop.Records;

namespace ExitSnoop.Reading;

/// <summary>
/// The thread that moves records from the ring buffers into the queue, so that a slow reader of the queue loses nothing.
/// While there are few exits it blocks, and each exit wakes it (<see cref="WakeUpBudget"/>). While there are many it reads
/// with a timer, and the programs do not wake it.
/// </summary>
internal sealed unsafe class RecordReader : IDisposable
{
    /// <summary>Milliseconds between two reads while there are many exits. An event can be this late.</summary>
    private const int DrainInterval = 5;

    /// <summary>Milliseconds between two reads while there are few exits but the budget of wake-ups is used up.</summary>
    private const int QuietInterval = 2;

    /// <summary>Milliseconds in which a program that was already running sends its record, and a late thread its own.</summary>
    private const int LastInterval = (int)(RingBuffers.Patience / 1_000_000);

    /// <summary>Up to this many records per read count as few: 10,000 exits a second with a read every 2 ms.</summary>
    private const int FewRecords = 20;

    /// <summary>Milliseconds between two checks for changes that wake nobody: cgroups without inotify, and skipped descendants.</summary>
    private const int UnwokenInterval = 100, ComparingInterval = 1000;

    private readonly ExitProgram program;
    private readonly IRecordSource source;
    private readonly WatchedProcesses? watched;
    private readonly FollowedCgroups? cgroups;
    private readonly LossCounter losses;
    private readonly RecordQueue queue;
    private readonly RecordHandler add;
    private readonly Thread thread;
    private readonly bool perThread;
    private readonly bool leaveOpen;
    private readonly WallClockOffset clocks;
    private readonly int stopFd;
    private readonly object gate = new();
    private long clockOffset;
    private volatile bool stopping;
    private bool finished;
    private WakeUpBudget wakeUps;

    private RecordReader(ExitProgram program, ExitProgramOptions options, RecordQueue queue, Func<long>? wallClock, bool leaveOpen, WakeUpBudget wakeUps)
    {
        this.program = program;
        this.wakeUps = wakeUps;
        this.queue = queue;
        this.leaveOpen = leaveOpen;
        losses = new LossCounter(program);
        source = program.Source;
        perThread = options.PerThread;
        clocks = new WallClockOffset(Clocks.Boot, wallClock ?? Clocks.Wall);
        add = Add;
        thread = new Thread(Run) { IsBackground = true, Name = "ExitSnoop reader" };
        stopFd = LibC.eventfd(0, LibC.CloseOnExec);
        if (stopFd < 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        try
        {
            cgroups = options.Cgroup is { } path ? new FollowedCgroups(program, [path], options.AddWatch) : null;
            watched = options.Ids.Count > 0 ? new WatchedProcesses(program, options) : null;
        }
        catch
        {
            cgroups?.Dispose();
            _ = LibC.close(stopFd);
            throw;
        }
    }

    /// <summary>Whether the reader has ended: it was stopped, it failed, or nothing is left to watch. All records are then in the queue.</summary>
    internal bool IsFinished => Volatile.Read(ref finished);

    internal Losses Losses => losses.Losses;

    internal WatchedProcesses? Watched => watched;

    /// <summary>The exception that ended the reader; null if there was none. Valid after <see cref="IsFinished"/> has become true.</summary>
    internal Exception? Failure { get; private set; }

    /// <summary>Starts to read what an attached program sends.</summary>
    /// <param name="program">The program. The reader detaches and disposes it at its end, unless <paramref name="leaveOpen"/> is set.</param>
    /// <param name="options">What is traced.</param>
    /// <param name="queue">The queue for the records.</param>
    /// <param name="wallClock">Returns Unix time in nanoseconds; null for the machine's clock. Set by tests.</param>
    /// <param name="leaveOpen">Whether the program still belongs to the caller and stays attached when the reader ends.</param>
    /// <param name="wakeUps">How often exits may wake the reader.</param>
    /// <exception cref="CannotWatchException">pidfd_open(2) failed for a process that was given by ID.</exception>
    /// <exception cref="Win32Exception">Another system call failed.</exception>
    internal static RecordReader Start(ExitProgram program, ExitProgramOptions options, RecordQueue queue, Func<long>? wallClock = null, bool leaveOpen = false,
        WakeUpBudget wakeUps = default)
    {
        RecordReader reader = new(program, options, queue, wallClock, leaveOpen, wakeUps);
        reader.thread.Start();
        return reader;
    }

    /// <summary>
    /// Detaches the program immediately. The reader then reads the records that were sent before, and ends within
    /// milliseconds. Can be called on any thread.
    /// </summary>
    internal void Stop()
    {
        stopping = true;
        lock (gate)
        {
            if (finished)
                return;
            program.Detach();
            ulong one = 1;
            _ = LibC.write(stopFd, &one, sizeof(ulong));
        }
    }

    public void Dispose()
    {
        Stop();
        thread.Join();
    }

    private void Run()
    {
        try
        {
            Read();
        }
        catch (Exception failure)
        {
            // Memory, mappings or file descriptors ran out. An unhandled exception on this thread would end the process, which
            // can be a user's shell. So the exception is thrown where the events are read.
            Failure = failure;
        }
        Finish();
    }

    private void Read()
    {
        List<LibC.PollFd> waits = [];
        List<int> gone = [];
        while (true)
        {
            bool stop = stopping;
            int records = Drain();
            if (gone.Count > 0)
            {
                watched!.Gone(gone);
                gone.Clear();
                queue.Signal();
            }
            if (watched is { AreGone: true })
            {
                // Other threads may reach the tracepoint shortly after the last thread of their process.
                if (perThread)
                    Thread.Sleep(LastInterval);
                return;
            }
            if (stop)
                return;
            bool few = records <= FewRecords, mayBlock = records == 0 || (few && wakeUps.TrySpend(Clocks.Boot()));
            Wait(mayBlock && !source.HasHeld && FallAsleep(), few ? QuietInterval : DrainInterval, waits, gone);
            source.SetAsleep(false);
        }
    }

    /// <summary>
    /// Announces that the reader is about to block, and then checks once more for records and for watched processes. Returns
    /// false if there was something, so it must not block. After this check, a new record or the removal of the last watched
    /// process from the kernel's map wakes the reader. See wake_reader() in bpf/ring.h and stop_watching() in bpf/watch.h.
    /// </summary>
    private bool FallAsleep()
    {
        source.SetAsleep(true);
        return Drain() == 0 && !source.HasHeld && watched is not { AreGone: true };
    }

    private int Drain()
    {
        int total = 0, records;
        // Measured for each read, at most milliseconds after the exits, so that a change of the wall clock during the trace counts.
        clockOffset = clocks.Sample();
        do
        {
            records = source.Drain(add);
            total += records;
            if (records > 0)
                queue.Signal();
        }
        while (records > 0);
        if (total > 0 && losses.Update())
            queue.Signal();
        return total;
    }

    private void Add(ReadOnlySpan<byte> record)
    {
        watched?.Note(record);
        // Only an exit counts as lost. Without the record of an exec, the command of a process is unknown.
        if (!queue.TryAdd(record, clockOffset) && RecordView.IsExit(record))
            losses.QueueWasFull();
    }

    private void Wait(bool idle, int interval, List<LibC.PollFd> waits, List<int> gone)
    {
        waits.Clear();
        waits.Add(new LibC.PollFd { Fd = stopFd, Events = LibC.PollIn });
        if (cgroups is not null)
            waits.Add(new LibC.PollFd { Fd = cgroups.Fd, Events = LibC.PollIn });
        if (idle)
            foreach (int fd in source.Fds)
                waits.Add(new LibC.PollFd { Fd = fd, Events = LibC.PollIn });
        int processes = waits.Count;
        if (watched is not null)
            foreach (int fd in watched.PidFds)
                waits.Add(new LibC.PollFd { Fd = fd, Events = LibC.PollIn });

        int timeout = !idle ? interval
            : cgroups is { IsNotified: false } ? UnwokenInterval
            : watched is { NeedsComparing: true } ? ComparingInterval
            : Timeout.Infinite;
        Span<LibC.PollFd> fds = CollectionsMarshal.AsSpan(waits);
        int ready;
        fixed (LibC.PollFd* first = fds)
            ready = LibC.poll(first, (nuint)fds.Length, timeout);
        // poll(2) fails with EINVAL if the limit of open files was lowered below the number of descriptors.
        if (ready < 0 && Marshal.GetLastPInvokeError() is not (LibC.EINTR or LibC.EAGAIN) and int error)
            throw new Win32Exception(error);
        if (cgroups is not null && (fds[1].Returned != 0 || !cgroups.IsNotified))
            cgroups.Update();
        if (ready == 0 && idle && watched is { NeedsComparing: true })
            watched.Compare();
        foreach (LibC.PollFd wait in fds[processes..])
            if (wait.Returned != 0)
                gone.Add(wait.Fd);
    }

    private void Finish()
    {
        if (!leaveOpen)
            program.Detach();
        long end = Environment.TickCount64 + LastInterval;
        try
        {
            // A program that was running when it was detached may still be writing its record.
            do
                Drain();
            while (source.HasHeld && Environment.TickCount64 < end);
            source.Flush(add);
            losses.Update(detached: true);
        }
        catch (Exception failure)
        {
            Failure ??= failure;
        }
        lock (gate)
        {
            watched?.Dispose();
            cgroups?.Dispose();
            if (!leaveOpen)
                program.Dispose();
            _ = LibC.close(stopFd);
            Volatile.Write(ref finished, true);
        }
        queue.Signal();
    }
}
