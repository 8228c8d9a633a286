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

    [LibraryImport(Library)]
    private static partial Tm* localtime_r(nint* time, Tm* result);

    [LibraryImport(Library)]
    private static partial nuint strftime(byte* text, nuint size, byte* format, Tm* time);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    private static partial Passwd* getpwnam(string name);

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

    /// <summary>The local time of a moment, in seconds since 1970, as the C library and so everybody else here has it.</summary>
    internal static Tm LocalTime(long seconds)
    {
        nint time = (nint)seconds;
        Tm local = default;
        localtime_r(&time, &local);
        return local;
    }

    /// <summary>The abbreviated name of the time zone in force then: UTC, IST, or -03 where it has none.</summary>
    internal static string ZoneName(long seconds)
    {
        Tm local = LocalTime(seconds);
        byte* text = stackalloc byte[64];
        fixed (byte* format = "%Z\0"u8)
            return Marshal.PtrToStringUTF8((nint)text, (int)strftime(text, 64, format, &local));
    }

    internal static bool TryFindUser(string name, out uint id)
    {
        Passwd* user = getpwnam(name);
        id = user is null ? 0 : user->Uid;
        return user is not null;
    }

    /// <summary>struct tm, with the members that glibc and musl have in common.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Tm
    {
        internal int Second, Minute, Hour, Day, Month, Year, WeekDay, YearDay, IsDaylightSaving;

        /// <summary>Seconds east of UTC.</summary>
        internal nint Offset;

        internal nint Zone;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct PollFd
    {
        internal int Fd;
        internal short Events;
        internal short Returned;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Passwd
    {
        internal nint Name, Password;
        internal uint Uid, Gid;
        internal nint Gecos, Directory, Shell;
    }
}
