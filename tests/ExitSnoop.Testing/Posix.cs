using System.Runtime.InteropServices;

namespace ExitSnoop.Testing;

/// <summary>What the class Process of .NET does not have: arguments as bytes, the wait status and the resources of a child.</summary>
internal static unsafe partial class Posix
{
    internal const int WaitNoHang = 1;
    internal const int CloseOnExec = 0x80000;
    internal const short PollIn = 1;

    // include/uapi/linux/time.h
    internal const int ClockBootTime = 7;

    // The same number on every architecture.
    private const long PidfdOpenCall = 434;

    /// <summary>More than posix_spawn_file_actions_t and posix_spawnattr_t take with any libc.</summary>
    internal const int SpawnStructSize = 512;

    /// <summary>sigset_t of glibc and musl.</summary>
    internal const int SignalSetSize = 128;

    /// <summary>POSIX_SPAWN_SETSIGDEF of spawn.h.</summary>
    internal const short SpawnSetSignalDefault = 4;

    /// <summary>struct rusage: two struct timeval and 14 long.</summary>
    internal const int UsageFields = 18;

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int pipe2(int* ends, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int poll(PollFd* fds, nuint count, int timeout);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int clock_gettime(int clock, out TimeSpec time);

    internal static int PidfdOpen(int pid) => (int)syscall(PidfdOpenCall, pid, 0);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int kill(int pid, int signal);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int wait4(int pid, out int status, int options, long* usage);

    [LibraryImport("libc")]
    internal static partial int posix_spawnp(out int pid, byte* file, byte* actions, byte* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc")]
    internal static partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport("libc")]
    internal static partial int posix_spawn_file_actions_adddup2(byte* actions, int fd, int newFd);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int posix_spawn_file_actions_addchdir_np(byte* actions, string folder);

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_setsigdefault(byte* attributes, ulong* signals);

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport("libc")]
    internal static partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int setenv(string name, string value, int overwrite);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int unsetenv(string name);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long syscall(long number, long first, long second);

    internal struct PollFd
    {
        internal int Fd;
        internal short Events, Returned;
    }

    internal readonly record struct TimeSpec(long Seconds, long Nanoseconds);
}
