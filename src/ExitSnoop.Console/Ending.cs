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
    private Action? stop;

    /// <param name="hangupEnds">Whether SIGHUP ends it as well, or changes nothing.</param>
    internal Ending(bool hangupEnds = true)
    {
        ProcessSignals.ReceiveInterrupts();
        signals =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
            // Stays ignored where nohup has it ignored.
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, hangupEnds ? OnSignal : context => context.Cancel = true),
        ];
    }

    /// <summary>The first that ended the trace.</summary>
    internal EndReason Reason { get; private set; }

    /// <summary>From now on this ends the run; immediately, if the end was requested before.</summary>
    internal void Attach(Action stop)
    {
        lock (gate)
        {
            this.stop = stop;
            if (Reason != EndReason.None)
                stop();
        }
    }

    /// <summary>A reader of the output that goes away ends the run too.</summary>
    internal void FollowOutput() =>
        // A thread that sleeps in poll(2) until something happens; it needs next to no stack.
        new Thread(WatchOutput, 128 * 1024) { IsBackground = true, Name = "output" }.Start();

    /// <inheritdoc />
    public void Dispose()
    {
        lock (gate)
            stop = null;
        foreach (PosixSignalRegistration signal in signals)
            signal.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        // A second signal does not wait until a reader has taken what is still to be written.
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
            stop?.Invoke();
            return true;
        }
    }

    /// <summary>
    /// poll(2) without any event in its mask still reports errors: the reader of the pipe is gone, found without writing to it.
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
