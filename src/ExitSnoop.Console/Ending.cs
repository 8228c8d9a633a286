using System.Runtime.InteropServices;
using ExitSnoop.Cli.Native;
using ExitSnoop.Linux;

namespace ExitSnoop.Cli;

/// <summary>
/// Ends a run on a signal, or when the reader of the output closes the pipe. The trace is detached immediately, on another thread.
/// Events until then are still written.
/// </summary>
internal sealed class Ending : IDisposable
{
    private readonly object gate = new();
    private readonly PosixSignalRegistration[] signals;
    private Action? stop;

    /// <param name="hangupEnds">Whether SIGHUP ends the run, too. Otherwise it is ignored.</param>
    internal Ending(bool hangupEnds = true)
    {
        ProcessSignals.ReceiveInterrupts();
        signals =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
            // If nohup(1) has set SIGHUP to be ignored, it stays ignored.
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, hangupEnds ? OnSignal : context => context.Cancel = true),
        ];
    }

    /// <summary>The first reason for the end.</summary>
    internal EndReason Reason { get; private set; }

    /// <summary>Sets the function that ends the run. If the end was already requested, it is called immediately.</summary>
    internal void Attach(Action stop)
    {
        lock (gate)
        {
            this.stop = stop;
            if (Reason != EndReason.None)
                stop();
        }
    }

    /// <summary>From now on the run also ends when the reader of the output closes the pipe.</summary>
    internal void FollowOutput() =>
        // The thread blocks in poll(2) and needs hardly any stack.
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
        // A second signal ends the program even if a slow reader has not taken the rest of the output.
        context.Cancel = End(context.Signal == PosixSignal.SIGINT ? EndReason.Interrupt : EndReason.Terminate);
    }

    /// <summary>Ends the run; returns false if it had already ended.</summary>
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
    /// Waits with poll(2) and an empty event mask: it then reports only errors, among them that the reader has closed the pipe.
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

/// <summary>Why a run ended.</summary>
internal enum EndReason
{
    None,
    Interrupt,
    Terminate,
    OutputClosed,
}
