using System.ComponentModel;
using ExitSnoop.Bpf;
using ExitSnoop.Linux;
using ExitSnoop.Records;

namespace ExitSnoop.Crash;

/// <summary>
/// The crashes of a trace: drains their records, has each unwound, and keeps what was found until the event of the
/// exit asks for it. Both happen on threads of their own, so that neither a crash nor a storm of them holds up exits.
/// </summary>
internal sealed class CrashTrace : IDisposable
{
    /// <summary>The size of the ring, as in bpf/crash.h.</summary>
    internal const int RingSize = 1 << 22;

    /// <summary>Crashes whose stacks wait for the unwinder; further ones are reported at once, without frames. A stack takes 20 or 40 KiB.</summary>
    private const int WaitingMaximum = 64;

    /// <summary>Crashes kept until their exit is read.</summary>
    private const int KeptMaximum = 4096;

    private readonly object gate = new();
    private readonly int ringFd;
    private readonly RingBuffer ring;
    private readonly Unwinder unwinder;
    private readonly Action completed;
    private readonly Dictionary<uint, List<RecordedCrash>> crashes = [];
    private readonly Queue<CrashCapture> waiting = new();
    private readonly Thread drainThread, unwindThread;
    private readonly int stopFd;
    private int kept;
    private bool ended, released, stopping;

    /// <param name="ringFd">Where the records come from; it stays the caller's.</param>
    /// <param name="unwinder">Its own from here on.</param>
    /// <param name="completed">Called, on another thread, when a crash that an event may wait for has been unwound.</param>
    internal CrashTrace(int ringFd, Unwinder unwinder, Action completed)
    {
        // The program is unloaded when the last exit has been read, which may be before the last crash is.
        this.ringFd = LibC.Duplicate(ringFd);
        ring = new RingBuffer(this.ringFd, RingSize);
        this.unwinder = unwinder;
        this.completed = completed;
        stopFd = LibC.eventfd(0, LibC.CloseOnExec);
        drainThread = new Thread(DrainUntilStopped) { IsBackground = true, Name = "ExitSnoop crashes" };
        unwindThread = new Thread(UnwindUntilStopped) { IsBackground = true, Name = "ExitSnoop unwinder" };
        drainThread.Start();
        unwindThread.Start();
    }

    /// <summary>The crash that an exit was; null where it was none. Its report may still be to come.</summary>
    internal RecordedCrash? Find(ExitedTask task)
    {
        if (!SignalTable.CoreDumping.Contains(task.Signal))
            return null;
        lock (gate)
        {
            // The record was sent before that of the exit, but need not have been taken out yet.
            Drain();
            // Where several threads were given a signal, the first decided how the process ends.
            RecordedCrash? found = crashes.GetValueOrDefault(task.HostPid)?.Where(crash => crash.IsOf(task)).MinBy(crash => crash.Time);
            if (found is null)
                return Missing(task);
            Forget(found);
            return found;
        }
    }

    private CrashReport Unwind(CrashCapture capture)
    {
        try
        {
            return unwinder.Unwind(capture);
        }
#pragma warning disable CA1031 // On this thread an exception would end the process; the exit is to be reported all the same.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            return new CrashReport { Note = $"could not be unwound: {failure.Message}" };
        }
    }

    // A thread that ended with its process did not crash itself.
    private static RecordedCrash? Missing(in ExitedTask task) => task.IsThread ? null
        : new RecordedCrash(task.HostPid, task.StartTime, task.ThreadId, task.Signal, 0) { Report = CrashReport.NotRecorded };

    /// <summary>Takes the last records, once the programs are detached, and gives the ring back: nothing of ours is left in the kernel.</summary>
    internal unsafe void EndRecords()
    {
        lock (gate)
        {
            if (ended)
                return;
            ended = true;
        }
        // A thread that waits for the ring would keep it.
        ulong one = 1;
        _ = LibC.write(stopFd, &one, sizeof(ulong));
        drainThread.Join();
        lock (gate)
        {
            Drain();
            released = true;
            ring.Dispose();
            _ = LibC.close(ringFd);
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            if (stopping)
                return;
            stopping = true;
            Monitor.PulseAll(gate);
        }
        EndRecords();
        unwindThread.Join();
        _ = LibC.close(stopFd);
        unwinder.Dispose();
    }

    private unsafe void DrainUntilStopped()
    {
        LibC.PollFd* waits = stackalloc LibC.PollFd[2];
        waits[0] = new LibC.PollFd { Fd = ring.Fd, Events = LibC.PollIn };
        waits[1] = new LibC.PollFd { Fd = stopFd, Events = LibC.PollIn };
        while (true)
        {
            _ = LibC.poll(waits, 2, Timeout.Infinite);
            lock (gate)
            {
                if (ended)
                    return;
                Drain();
            }
        }
    }

    private void Drain()
    {
        if (released)
            return;
        try
        {
            TakeRecords();
        }
        catch (Exception failure) when (failure is Win32Exception or OutOfMemoryException)
        {
            // Memory ran out. The records stay where they are, and the exits of these processes go out without a place.
        }
    }

    private void TakeRecords()
    {
        bool added = false;
        while (ring.TryPeek(ring.End, out ReadOnlySpan<byte> record))
        {
            if (CrashRecordView.TryParse(record, out CrashRecordView view))
            {
                bool canWait = waiting.Count < WaitingMaximum;
                CrashCapture capture = new(view, withStack: canWait);
                Keep(capture.Crash);
                if (canWait)
                    waiting.Enqueue(capture);
                else
                    capture.Crash.Report = unwinder.PassOver(capture);
                added |= canWait;
            }
            ring.Advance(record.Length);
            ring.Release();
        }
        if (added)
            Monitor.PulseAll(gate);
    }

    private void Keep(RecordedCrash crash)
    {
        if (!crashes.TryGetValue(crash.HostPid, out List<RecordedCrash>? ofProcess))
            crashes[crash.HostPid] = ofProcess = [];
        ofProcess.Add(crash);
        if (++kept > KeptMaximum)
            Forget(crashes.Values.Select(crashes => crashes[0]).MinBy(first => first.Time)!);
    }

    private void Forget(RecordedCrash crash)
    {
        List<RecordedCrash> ofProcess = crashes[crash.HostPid];
        ofProcess.Remove(crash);
        if (ofProcess.Count == 0)
            crashes.Remove(crash.HostPid);
        kept--;
    }

    private void UnwindUntilStopped()
    {
        while (true)
        {
            CrashCapture? capture;
            lock (gate)
            {
                while (!waiting.TryDequeue(out capture) && !stopping)
                    Monitor.Wait(gate);
                if (stopping)
                    break;
            }
            capture!.Crash.Report = Unwind(capture);
            capture.Wipe();
            completed();
        }
    }
}
