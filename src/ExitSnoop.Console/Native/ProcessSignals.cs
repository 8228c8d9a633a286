using System.Runtime.InteropServices;

namespace ExitSnoop.Cli.Native;

/// <summary>Signal dispositions that are set before the runtime of .NET sets its own.</summary>
internal static unsafe partial class ProcessSignals
{
    // include/uapi/asm-generic/signal.h
    private const int SIGINT = 2, SIGPIPE = 13;
    private const nint SIG_DFL = 0, SIG_IGN = 1;

    /// <summary>A write to a pipe without a reader then fails with EPIPE.</summary>
    internal static void IgnoreBrokenPipes() => signal(SIGPIPE, SIG_IGN);

    /// <summary>
    /// A shell that is not interactive starts what it runs with <c>&amp;</c> with SIGINT ignored, and .NET leaves
    /// an ignored signal alone.
    /// </summary>
    internal static void ReceiveInterrupts()
    {
        // The handler is the first member of struct sigaction, which is smaller than this everywhere.
        nint* previous = stackalloc nint[64];
        if (sigaction(SIGINT, 0, previous) == 0 && *previous == SIG_IGN)
            signal(SIGINT, SIG_DFL);
    }

    [LibraryImport("libc")]
    private static partial nint signal(int number, nint handler);

    [LibraryImport("libc")]
    private static partial int sigaction(int number, nint action, nint* previous);
}
