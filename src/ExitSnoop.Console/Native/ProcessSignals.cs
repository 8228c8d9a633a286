using System.Runtime.InteropServices;

namespace ExitSnoop.Cli.Native;

/// <summary>Sets signal dispositions before the .NET runtime sets its own.</summary>
internal static unsafe partial class ProcessSignals
{
    // include/uapi/asm-generic/signal.h
    private const int SIGINT = 2, SIGPIPE = 13;
    private const nint SIG_DFL = 0, SIG_IGN = 1;

    /// <summary>Ignores SIGPIPE, so that a write to a pipe without a reader fails with EPIPE.</summary>
    internal static void IgnoreBrokenPipes() => signal(SIGPIPE, SIG_IGN);

    /// <summary>
    /// Sets SIGINT to its default if it is ignored. A shell that is not interactive starts commands with <c>&amp;</c> with SIGINT
    /// ignored, and .NET does not handle an ignored signal.
    /// </summary>
    internal static void ReceiveInterrupts()
    {
        // The handler is the first member of struct sigaction. The struct is smaller than this on all architectures.
        nint* previous = stackalloc nint[64];
        if (sigaction(SIGINT, 0, previous) == 0 && *previous == SIG_IGN)
            signal(SIGINT, SIG_DFL);
    }

    [LibraryImport("libc")]
    private static partial nint signal(int number, nint handler);

    [LibraryImport("libc")]
    private static partial int sigaction(int number, nint action, nint* previous);
}
