using System.Runtime.InteropServices;

namespace ExitSnoop.Cli.Native;

/// <summary>The calls of libc that .NET does not offer, or not at this price.</summary>
internal static unsafe partial class LibC
{
    private const string Library = "libc";

    internal const int StandardOutput = 1;
    internal const int StandardError = 2;

    internal const int EINTR = 4, EIO = 5, EBADF = 9, EAGAIN = 11, EPIPE = 32, ECONNRESET = 104;
    internal const int SIGINT = 2, SIGPIPE = 13;
    internal const short POLLOUT = 4, POLLERR = 8, POLLHUP = 16, POLLNVAL = 32;

    private const nint SIG_DFL = 0, SIG_IGN = 1;
    private const int F_GETFD = 1;

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint write(int fd, byte* bytes, nuint count);

    /// <summary>Waits at most so many milliseconds, -1 for ever.</summary>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int poll(PollFd* fds, nuint count, int timeout);

    [LibraryImport(Library)]
    private static partial int fcntl(int fd, int command);

    [LibraryImport(Library)]
    private static partial int isatty(int fd);

    [LibraryImport(Library)]
    private static partial nint signal(int number, nint handler);

    [LibraryImport(Library)]
    private static partial int sigaction(int number, nint action, nint* previous);

    internal static bool IsOpen(int fd) => fcntl(fd, F_GETFD) >= 0;

    internal static bool IsTerminal(int fd) => isatty(fd) == 1;

    /// <summary>A write to a pipe that nobody reads then fails with EPIPE.</summary>
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

    [StructLayout(LayoutKind.Sequential)]
    internal struct PollFd
    {
        internal int Fd;
        internal short Events;
        internal short Returned;
    }
}
