using System.Runtime.InteropServices;
using ExitSnoop.Cli.Native;
using ExitSnoop.Linux;

namespace ExitSnoop.Cli;

/// <summary>
/// All that ends a trace from outside: a signal, or a reader of the output that goes away. Each detaches the trace at once, on its own thread; the events read until then are still written.
/// </summary>
internal sealed class Ending : IDisposable
{
    private readonly object gate = new();
    private readonly PosixSignalRegistration[] signals;
    private ExitTrace? attached;

    internal Ending()
    {
        ProcessSignals.ReceiveInterrupts();
        signals =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
            // Stays ignored where nohup has it ignored.
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal),
        ];
    }

    /// <summary>The first that ended the trace.</summary>
    internal EndReason Reason { get; private set; }

    /// <summary>From now on this trace is what is ended; at once if its end came before it did.</summary>
    internal void Attach(ExitTrace trace)
    {
        lock (gate)
        {
            attached = trace;
            if (Reason != EndReason.None)
                trace.Stop();
        }

        // A thread that sleeps in poll(2) until something happens; it needs next to no stack.
        new Thread(WatchOutput, 128 * 1024) { IsBackground = true, Name = "output" }.Start();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (gate)
            attached = null;
        foreach (PosixSignalRegistration signal in signals)
            signal.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        // The second one is for whoever cannot wait until a reader has taken what is still to be written.
        context.Cancel = End(context.Signal == PosixSignal.SIGINT ? EndReason.Interrupt : EndReason.Terminate);
    }

    /// <summary>False if it had ended before.</summary>
    private bool End(EndReason reason)
    {
        lock (gate)
        {
            if (Reason != EndReason.None)
                return false;
            Reason = reason;
            attached?.Stop();
            return true;
        }
    }

    /// <summary>
    /// With no event asked for, poll(2) still tells of an error: the reader of a pipe has gone, without a word written to it.
    /// </summary>
    private unsafe void WatchOutput()
    {
        LibC.PollFd output = new() { Fd = StandardOutput.Fd };
        while (LibC.poll(&output, 1, -1) <= 0)
        {
        }

        End(EndReason.OutputClosed);
    }
}

/// <summary>What ended the trace from outside.</summary>
internal enum EndReason
{
    None,
    Interrupt,
    Terminate,
    OutputClosed,
}
