using System.ComponentModel;
using ExitSnoop.Bpf;
using ExitSnoop.Linux;
using ExitSnoop.Records;

namespace ExitSnoop.Crash;

/// <summary>
/// The crashes of a trace: reads their records, has each stack unwound, and keeps the reports until the events of the
/// exits need them. Reading and unwinding have a thread each, so that crashes do not delay the reading of exits.
/// </summary>
internal sealed class CrashTrace : IDisposable
{
    /// <summary>The size of the ring in bytes, as in bpf/crash.h.</summary>
    internal const int RingSize = 1 << 22;

    /// <summary>
    /// How many crashes may wait for the unwinder. Further ones are reported immediately, without frames. Each takes 20 or 40 KiB.
    /// </summary>
    private const int WaitingMaximum = 64;

    /// <summary>How many crashes are kept until their exits are read.</summary>
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

    /// <param name="ringFd">The ring buffer with the records. The caller closes it.</param>
    /// <param name="unwinder">The unwinder. This object disposes it.</param>
    /// <param name="completed">Called on another thread when a stack has been unwound, because an event may be waiting for it.</param>
    internal CrashTrace(int ringFd, Unwinder unwinder, Action completed)
    {
        // Duplicated, because the program is unloaded after the last exit was read, which can be before the last crash was read.
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

    /// <summary>The crash that ended this task; null if it did not crash. Its report may not be ready yet.</summary>
    internal RecordedCrash? Find(ExitedTask task)
    {
        if (!SignalTable.CoreDumping.Contains(task.Signal))
            return null;
        lock (gate)
        {
            // The program sent this record before that of the exit, but the other thread may not have read it yet.
            Drain();
            // If signals were delivered to several threads, the first one determined the status of the process.
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
#pragma warning disable CA1031 // An unhandled exception on this thread would end the process. The exit is reported without frames instead.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            return new CrashReport { Note = $"the calls could not be found: {failure.Message}" };
        }
    }

    // A thread without a record did not crash. It ended together with its process.
    private static RecordedCrash? Missing(in ExitedTask task) => task.IsThread ? null
        : new RecordedCrash(task.HostPid, task.StartTime, task.ThreadId, task.Signal, 0) { Report = CrashReport.NotRecorded };

    /// <summary>Reads the last records after the programs were detached, and closes the ring, so that the kernel can free it.</summary>
    internal unsafe void EndRecords()
    {
        lock (gate)
        {
            if (ended)
                return;
            ended = true;
        }
        // While a thread polls the ring, the kernel keeps it.
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
            // Memory ran out. The records stay in the ring, and the exits of these processes are reported without the place of the crash.
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
