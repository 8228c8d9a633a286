using System.ComponentModel;
using System.Runtime.InteropServices;
using ExitSnoop.Bpf;
using ExitSnoop.Linux;
using ExitSnoop.Records;

namespace ExitSnoop.Reading;

/// <summary>
/// The thread that drains the kernel's buffer into the queue at once, so that a slow reader of the
/// queue loses nothing. It blocks while nothing happens and, as long as few exits come, between them
/// (<see cref="WakeUpBudget"/>). While many come it reads by a timer, and the kernel does not wake it.
/// </summary>
internal sealed unsafe class RecordReader : IDisposable
{
    /// <summary>Milliseconds between two reads while many exits come: an event can be this late.</summary>
    private const int DrainInterval = 10;

    /// <summary>Milliseconds between two reads while few exits come but the wake-ups are used up.</summary>
    private const int QuietInterval = 4;

    /// <summary>Up to this number of records in one look are few: 5,000 exits a second with a look every 4 ms.</summary>
    private const int FewRecords = 20;

    /// <summary>How often to check for changes without a wake-up: a new cgroup, a skipped descendant.</summary>
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

    /// <summary>Whether the trace has come to its end: stopped, or nothing is left to watch. All is in the queue.</summary>
    internal bool IsFinished => Volatile.Read(ref finished);

    internal Losses Losses => losses.Losses;

    internal WatchedProcesses? Watched => watched;

    /// <summary>What made the reading end before the trace did, null where nothing has. Known once <see cref="IsFinished"/>.</summary>
    internal Exception? Failure { get; private set; }

    /// <summary>Begins to drain what an attached program sends.</summary>
    /// <param name="program">The program; it belongs to the reader from here on, which detaches and unloads it at its end.</param>
    /// <param name="options">What is traced.</param>
    /// <param name="queue">Where the records go.</param>
    /// <param name="wallClock">Nanoseconds of Unix time, in place of the machine's clock.</param>
    /// <param name="leaveOpen">Whether the program stays the caller's, and attached, when nothing is left to watch.</param>
    /// <param name="wakeUps">How often exits may wake it.</param>
    /// <exception cref="CannotWatchException">The kernel does not let the processes asked for be watched.</exception>
    /// <exception cref="Win32Exception">The kernel refused something else.</exception>
    internal static RecordReader Start(ExitProgram program, ExitProgramOptions options, RecordQueue queue, Func<long>? wallClock = null, bool leaveOpen = false,
        WakeUpBudget wakeUps = default)
    {
        RecordReader reader = new(program, options, queue, wallClock, leaveOpen, wakeUps);
        reader.thread.Start();
        return reader;
    }

    /// <summary>
    /// Detaches at once, from any thread, and drains what was sent until then; <see cref="IsFinished"/>
    /// follows within milliseconds.
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
            // can be a user's shell, so the exception is thrown where the events are read instead.
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
                // A thread may pass the tracepoint shortly after the last of its process.
                if (perThread)
                    Thread.Sleep(DrainInterval);
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
    /// Says that it will block, and then looks a last time; false where there was something to see. What comes after
    /// that look wakes it: records, and the last watched process leaving the kernel's map. See wake_reader() in
    /// bpf/ring.h and stop_watching() in bpf/watch.h.
    /// </summary>
    private bool FallAsleep()
    {
        source.SetAsleep(true);
        return Drain() == 0 && !source.HasHeld && watched is not { AreGone: true };
    }

    private int Drain()
    {
        int total = 0, records;
        // At each drain, at most milliseconds after the exits: so it follows a wall clock that is set during the trace.
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
        // Only an exit is an event; the record of an exec is a command that will not be known.
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
        // EINVAL: since they were opened, the limit of open files has been set below their number.
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
        long end = Environment.TickCount64 + DrainInterval;
        try
        {
            // A program that was already running may still be at its record.
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
