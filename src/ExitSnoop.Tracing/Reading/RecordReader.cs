using System.Runtime.InteropServices;
using ExitSnoop.Bpf;
using ExitSnoop.Linux;

namespace ExitSnoop.Reading;

/// <summary>
/// The thread that drains the kernel's buffer into the queue at once, so that a slow reader of the
/// queue loses nothing. It blocks while nothing happens; once woken it looks every 10 ms until a look
/// finds nothing, and while it does, the kernel wakes nobody.
/// </summary>
internal sealed unsafe class RecordReader : IDisposable
{
    /// <summary>Half of what an event may be late.</summary>
    private const int DrainInterval = 10;

    /// <summary>How often to look whether all descendants are gone where the kernel cannot say so.</summary>
    private const int UnwokenInterval = 100;

    private readonly ExitProgram program;
    private readonly IRecordSource source;
    private readonly WatchedProcesses? watched;
    private readonly LossCounter losses;
    private readonly RecordQueue queue;
    private readonly RecordHandler add;
    private readonly Thread thread;
    private readonly bool perThread;
    private readonly Func<long> wallClock;
    private readonly long namespaceOffset;
    private readonly int stopFd;
    private readonly object gate = new();
    private long clockOffset;
    private volatile bool stopping;
    private bool finished;

    private RecordReader(ExitProgram program, ExitTraceOptions options, RecordQueue queue)
    {
        this.program = program;
        this.queue = queue;
        losses = new LossCounter(program);
        source = program.Source;
        watched = options.Ids.Count > 0 ? new WatchedProcesses(program, options) : null;
        perThread = options.PerThread;
        wallClock = options.WallClock ?? RealTime;
        namespaceOffset = TimeNamespace.Offset(program.Clock);
        stopFd = LibC.eventfd(0, LibC.CloseOnExec);
        add = Add;
        thread = new Thread(Run) { IsBackground = true, Name = "ExitSnoop reader" };
    }

    /// <summary>Whether the trace has come to its end: stopped, or nothing is left to watch. All is in the queue.</summary>
    internal bool IsFinished => Volatile.Read(ref finished);

    internal Losses Losses => losses.Losses;

    internal WatchedProcesses? Watched => watched;

    /// <summary>Begins to drain what an attached program sends. The program is its own from here on.</summary>
    internal static RecordReader Start(ExitProgram program, ExitTraceOptions options, RecordQueue queue)
    {
        RecordReader reader = new(program, options, queue);
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
                // The last record may have come between the drain and the look at the set; and a thread may
                // pass the tracepoint shortly after the last of its process.
                if (perThread)
                    Thread.Sleep(DrainInterval);
                Drain();
                break;
            }
            if (stop)
                break;

            bool idle = records == 0;
            if (idle)
            {
                source.SetAsleep(true);
                idle = Drain() == 0;
                if (!idle)
                    source.SetAsleep(false);
            }
            Wait(idle, waits, gone);
            source.SetAsleep(false);
        }
        Finish();
    }

    private int Drain()
    {
        int total = 0, records;
        clockOffset = SampleClockOffset();
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
        if (!queue.TryAdd(record, clockOffset))
            losses.QueueWasFull();
    }

    private void Wait(bool idle, List<LibC.PollFd> waits, List<int> gone)
    {
        waits.Clear();
        waits.Add(new LibC.PollFd { Fd = stopFd, Events = LibC.PollIn });
        if (idle)
            foreach (int fd in source.Fds)
                waits.Add(new LibC.PollFd { Fd = fd, Events = LibC.PollIn });
        int processes = waits.Count;
        if (watched is not null)
            foreach (int fd in watched.PidFds)
                waits.Add(new LibC.PollFd { Fd = fd, Events = LibC.PollIn });

        int timeout = !idle ? DrainInterval : source.CanBeWoken || watched is null ? Timeout.Infinite : UnwokenInterval;
        Span<LibC.PollFd> fds = CollectionsMarshal.AsSpan(waits);
        fixed (LibC.PollFd* first = fds)
            _ = LibC.poll(first, (nuint)fds.Length, timeout);
        foreach (LibC.PollFd wait in fds[processes..])
            if (wait.Returned != 0)
                gone.Add(wait.Fd);
    }

    private void Finish()
    {
        program.Detach();
        Drain();
        losses.Update();
        lock (gate)
        {
            watched?.Dispose();
            program.Dispose();
            _ = LibC.close(stopFd);
            Volatile.Write(ref finished, true);
        }
        queue.Signal();
    }

    /// <summary>
    /// Nanoseconds from the records' clock to Unix time. Taken at each drain, at most milliseconds after
    /// the deaths, so that it follows a wall clock that is set during the trace.
    /// </summary>
    private long SampleClockOffset()
    {
        _ = LibC.clock_gettime(program.Clock, out LibC.Timespec boot);
        return wallClock() - (boot.TotalNanoseconds - namespaceOffset);
    }

    private static long RealTime()
    {
        _ = LibC.clock_gettime(LibC.ClockRealtime, out LibC.Timespec real);
        return real.TotalNanoseconds;
    }
}
