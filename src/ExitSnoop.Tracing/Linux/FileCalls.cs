using System.Runtime.InteropServices;

namespace ExitSnoop.Linux;

/// <summary>
/// Calls for files by path or descriptor that return errno, where .NET would throw an exception or hide the error. Each call returns 0 or
/// errno, unless its comment says otherwise.
/// </summary>
internal static unsafe partial class FileCalls
{
    internal const int EIO = 5, EEXIST = 17, ENOTDIR = 20, ENOSPC = 28, EROFS = 30, ELOOP = 40, EDQUOT = 122, EWOULDBLOCK = 11;

    // include/uapi/asm-generic/fcntl.h; arm64 has other numbers for O_DIRECTORY and O_NOFOLLOW.
    private const int ReadOnly = 0, WriteOnly = 1, Create = 0x40, Exclusive = 0x80, NonBlocking = 0x800, CloseOnExec = 0x80000;
    private const int LockShared = 1, LockExclusive = 2, LockNonBlocking = 4, Unlock = 8;
    private const int GroupBufferSize = 64 << 10;

    private static readonly int NoFollow = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;
    private static readonly int Folder = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x4000 : 0x10000;

    /// <summary>The effective user ID of this process.</summary>
    internal static uint EffectiveUser => geteuid();

    /// <summary>Creates a file for writing. It must not exist.</summary>
    internal static int CreateNew(string path, int mode, out int fd) => Result(fd = open(path, WriteOnly | Create | Exclusive | CloseOnExec | NoFollow, mode));

    /// <summary>Opens a file for reading; a FIFO without a writer does not block the caller.</summary>
    internal static int OpenForReading(string path, out int fd) => Result(fd = open(path, ReadOnly | NonBlocking | CloseOnExec, 0));

    internal static int OpenFolder(string path, out int fd) => Result(fd = open(path, ReadOnly | Folder | CloseOnExec, 0));

    /// <summary>Writes all bytes at an offset.</summary>
    internal static int WriteAt(int fd, ReadOnlySpan<byte> bytes, long offset)
    {
        fixed (byte* start = bytes)
        {
            for (int written = 0; written < bytes.Length;)
            {
                nint count = pwrite(fd, start + written, (nuint)(bytes.Length - written), offset + written);
                if (count > 0)
                    written += (int)count;
                else if (count == 0)
                    return EIO;
                else if (Marshal.GetLastPInvokeError() is not LibC.EINTR and int error)
                    return error;
            }
        }
        return 0;
    }

    internal static int Sync(int fd) => Result(fsync(fd));

    internal static int Truncate(int fd, long length) => Result(ftruncate(fd, length));

    internal static int ChangeMode(int fd, int mode) => Result(fchmod(fd, mode));

    internal static int ChangeGroup(int fd, uint group) => Result(fchown(fd, uint.MaxValue, group));

    /// <summary>Takes the exclusive lock of flock(2); EWOULDBLOCK if another process has locked the file.</summary>
    internal static int TryLock(int fd) => Result(flock(fd, LockExclusive | LockNonBlocking));

    /// <summary>Whether another process has the exclusive lock.</summary>
    internal static bool IsLocked(int fd)
    {
        if (flock(fd, LockShared | LockNonBlocking) != 0)
            return Marshal.GetLastPInvokeError() == EWOULDBLOCK;
        _ = flock(fd, Unlock);
        return false;
    }

    internal static int Rename(string from, string to) => Result(rename(from, to));

    internal static int Remove(string path) => Result(unlink(path));

    internal static int MakeFolder(string path, int mode) => Result(mkdir(path, mode));

    /// <summary>Whether the path is that of a regular file that can be opened; links are followed.</summary>
    internal static bool IsRegular(string path)
    {
        if (OpenForReading(path, out int fd) != 0)
            return false;
        bool isRegular = FileStatus.Get(fd, out FileStatus status) == 0 && status.IsRegular;
        _ = LibC.close(fd);
        return isRegular;
    }

    /// <summary>The ID of a group, given by name or by the ID itself in digits; null if there is no such group.</summary>
    internal static uint? GroupId(string nameOrId)
    {
        // struct group: name, password, ID, members.
        byte* group = stackalloc byte[4 * sizeof(nint)];
        nint found = 0;
        byte[] buffer = new byte[GroupBufferSize];
        fixed (byte* space = buffer)
            if (getgrnam_r(nameOrId, group, space, GroupBufferSize, out found) == 0 && found != 0)
                return *(uint*)(group + (2 * sizeof(nint)));
        return uint.TryParse(nameOrId, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out uint id) ? id : null;
    }

    private static int Result(int returned) => returned >= 0 ? 0 : Marshal.GetLastPInvokeError();

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pwrite(int fd, void* buffer, nuint count, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ftruncate(int fd, long length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmod(int fd, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchown(int fd, uint owner, uint group);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(int fd, int operation);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rename(string from, string to);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int unlink(string path);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkdir(string path, int mode);

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int getgrnam_r(string name, byte* group, byte* buffer, nuint size, out nint result);
}
