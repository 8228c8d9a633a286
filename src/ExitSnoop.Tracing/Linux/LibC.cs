using System.ComponentModel;
using System.Runtime.InteropServices;

namespace ExitSnoop.Linux;

/// <summary>Functions of libc that .NET does not have.</summary>
internal static unsafe partial class LibC
{
    /// <summary>F_DUPFD_CLOEXEC of include/uapi/linux/fcntl.h.</summary>
    private const int DuplicateCloseOnExec = 1030;

    private const string Library = "libc";

    internal const int EPERM = 1, ENOENT = 2, ESRCH = 3, EINTR = 4, EAGAIN = 11, ENOMEM = 12, EACCES = 13, ENOTDIR = 20, EINVAL = 22, ENFILE = 23,
        EMFILE = 24, ENOSPC = 28, EPIPE = 32, ENOSYS = 38, ECONNRESET = 104;
    internal const int ProtRead = 1, ProtWrite = 2;
    private const int MapShared = 1, MapPrivate = 2, MapNoFile = 0x20;
    private const nint MapFailed = -1;
    internal const short PollIn = 1, PollOut = 4;
    internal const int CloseOnExec = 0x80000, NonBlocking = 0x800;

    // include/uapi/linux/inotify.h
    internal const uint InMovedTo = 0x80, InCreate = 0x100;
    internal const int ClockRealtime = 0, ClockBoottime = 7;

    // The same number on x86-64 and arm64. glibc has a function for it only from 2.36 on.
    private const long SysPidfdOpen = 434;

    // AT_SECURE of include/uapi/linux/auxvec.h.
    private const nuint AuxiliarySecure = 23;

    /// <summary>
    /// Whether this program has more privileges than the user who started it, because of file capabilities or a setuid bit
    /// (cap_bprm_creds_from_file() in security/commoncap.c). Its environment and arguments then come from a user
    /// who must not gain these privileges.
    /// </summary>
    internal static bool IsSecureExecution => getauxval(AuxiliarySecure) != 0;

    /// <summary>Maps a descriptor with MAP_SHARED.</summary>
    /// <exception cref="Win32Exception">The kernel refused.</exception>
    internal static void* Map(int fd, int length, int protection, nint offset)
    {
        nint address = mmap(0, (nuint)length, protection, MapShared, fd, offset);
        return address != MapFailed ? (void*)address : throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    /// <summary>Maps anonymous memory with MAP_PRIVATE.</summary>
    /// <exception cref="Win32Exception">The kernel refused.</exception>
    internal static void* MapAnonymous(int length)
    {
        nint address = mmap(0, (nuint)length, ProtRead | ProtWrite, MapPrivate | MapNoFile, -1, 0);
        return address != MapFailed ? (void*)address : throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    /// <summary>Removes a mapping. Does nothing if the address is null.</summary>
    internal static void Unmap(void* address, int length)
    {
        if (address is not null)
            _ = munmap((nint)address, (nuint)length);
    }

    [LibraryImport(Library)]
    private static partial nuint getauxval(nuint type);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, int fd, nint offset);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int munmap(nint address, nuint length);

    /// <summary>Waits for events. <paramref name="timeout"/> is in milliseconds; -1 means no limit.</summary>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int poll(PollFd* fds, nuint count, int timeout);

    /// <summary>Whether a descriptor is readable now.</summary>
    internal static bool IsReadable(int fd)
    {
        PollFd wait = new() { Fd = fd, Events = PollIn };
        return poll(&wait, 1, 0) > 0;
    }

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int eventfd(uint initial, int flags);

    /// <summary>Whether this process can open this many more files.</summary>
    internal static bool CanOpen(int count)
    {
        int* fds = stackalloc int[count];
        int opened = 0;
        while (opened < count && (fds[opened] = eventfd(0, CloseOnExec)) >= 0)
            opened++;
        for (int i = 0; i < opened; i++)
            _ = close(fds[i]);
        return opened == count;
    }

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint read(int fd, void* buffer, nuint count);

    /// <summary>Reads a non-blocking descriptor until it is empty and discards what was read.</summary>
    internal static void ReadAll(int fd)
    {
        const int size = 4096;
        byte* buffer = stackalloc byte[size];
        while (read(fd, buffer, size) > 0)
        {
        }
    }

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int inotify_init1(int flags);

    /// <summary>Watches a folder, or changes how it is watched; -1 and errno on failure.</summary>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int inotify_add_watch(int fd, string path, uint events);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint write(int fd, void* buffer, nuint count);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int close(int fd);

    /// <summary>Duplicates a descriptor, with close-on-exec set; -1 if too many files are open.</summary>
    internal static int Duplicate(int fd) => fcntl(fd, DuplicateCloseOnExec, 0);

    // Variadic in C. On x86-64 and arm64 Linux, arguments of this kind are passed in the same way as to a function that is not variadic.
    [LibraryImport("libc")]
    internal static partial int fcntl(int fd, int command, int argument);

    /// <summary>Reads from an offset of a file until the buffer is full, the file ends or an error occurs; returns the number of bytes.</summary>
    internal static int ReadAt(int fd, Span<byte> buffer, long offset)
    {
        int total = 0;
        fixed (byte* start = buffer)
        {
            nint count;
            while (total < buffer.Length && (count = pread(fd, start + total, (nuint)(buffer.Length - total), (nint)offset + total)) > 0)
                total += (int)count;
        }
        return total;
    }

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint pread(int fd, void* buffer, nuint count, nint offset);

    [LibraryImport(Library)]
    internal static partial int clock_gettime(int clock, out Timespec time);

    [LibraryImport(Library)]
    internal static partial int vsnprintf(byte* buffer, nuint size, byte* format, nint arguments);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint syscall(long number, nint first, nint second);

    /// <summary>A descriptor of a process. It becomes readable when all threads have exited. -1 and errno on failure.</summary>
    internal static int PidfdOpen(int pid) => (int)syscall(SysPidfdOpen, pid, 0);

    /// <summary>
    /// Whether this error of pidfd_open(2) means that no process has the ID. EINVAL, from 6.15 on ENOENT, means that it is the ID of a thread
    /// other than the main thread.
    /// </summary>
    internal static bool IsNoProcess(int error) => error is ESRCH or EINVAL or ENOENT;

    /// <summary>Whether no process has the ID, or only a zombie has it.</summary>
    internal static bool IsGone(int pid)
    {
        int fd = PidfdOpen(pid);
        if (fd < 0)
            return IsNoProcess(Marshal.GetLastPInvokeError());
        bool zombie = IsReadable(fd);
        _ = close(fd);
        return zombie;
    }

    [LibraryImport(Library)]
    internal static partial int getpwuid_r(uint uid, Passwd* entry, byte* buffer, nuint size, out Passwd* result);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int getpwnam_r(string name, Passwd* entry, byte* buffer, nuint size, out Passwd* result);

    [LibraryImport(Library)]
    internal static partial void tzset();

    [LibraryImport(Library)]
    internal static partial Tm* localtime_r(nint* time, Tm* result);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nuint strftime(byte* buffer, nuint size, string format, Tm* time);

    [StructLayout(LayoutKind.Sequential)]
    internal struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;

        public readonly long TotalNanoseconds => (Seconds * 1_000_000_000) + Nanoseconds;
    }

    /// <summary>struct tm, with the members that glibc and musl have in common.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Tm
    {
        public int Second, Minute, Hour, Day, Month, Year, WeekDay, YearDay, IsDaylightSaving;

        /// <summary>Seconds east of UTC.</summary>
        public nint Offset;

        public nint Zone;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct PollFd
    {
        public int Fd;
        public short Events;
        public short Returned;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Passwd
    {
        public byte* Name;
        public byte* Password;
        public uint Uid;
        public uint Gid;
        public byte* Gecos;
        public byte* Directory;
        public byte* Shell;
    }
}
