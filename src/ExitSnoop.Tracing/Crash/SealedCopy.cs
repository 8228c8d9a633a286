using System.Runtime.InteropServices;
using ExitSnoop.Linux;

namespace ExitSnoop.Crash;

/// <summary>A copy of a file in memory that cannot be changed any more (memfd_create(2), F_ADD_SEALS).</summary>
internal static unsafe partial class SealedCopy
{
    private const uint CloseOnExec = 1, AllowSealing = 2, Executable = 0x10, NotExecutable = 0x8;
    private const int AddSeals = 1033, SealAll = 0x1 | 0x2 | 0x4 | 0x8, SeekSet = 0;

    /// <summary>Copies a whole file so that it can be executed; -1 if that is not possible.</summary>
    internal static int TryMakeExecutable(int fd, long size) => TryMake(fd, size, [(0, size)], size, Executable);

    /// <summary>Copies parts of a file to the same offsets. The gaps between them read as zeros and take no memory. -1 if that is not possible.</summary>
    /// <param name="fd">The file.</param>
    /// <param name="size">Its size in bytes.</param>
    /// <param name="parts">The parts to copy. What is beyond the end of the file is left out.</param>
    /// <param name="maximum">How many bytes to copy at most. If the parts are larger, no copy is made.</param>
    internal static int TryMake(int fd, long size, IEnumerable<(long Offset, long Size)> parts, long maximum) =>
        TryMake(fd, size, parts, maximum, NotExecutable);

    // Before 6.3 the kernel knows neither MFD_EXEC nor MFD_NOEXEC_SEAL, and every such file can be executed.
    private static int TryMake(int fd, long size, IEnumerable<(long Offset, long Size)> parts, long maximum, uint execution)
    {
        int copy = memfd_create("exitsnoop", CloseOnExec | AllowSealing | execution);
        if (copy < 0)
            copy = memfd_create("exitsnoop", CloseOnExec | AllowSealing);
        if (copy < 0)
            return -1;
        bool copied = ftruncate(copy, (nint)size) == 0;
        foreach ((long offset, long wanted) in parts)
        {
            long length = Math.Min(wanted, size - offset);
            copied = copied && (maximum -= length) >= 0 && TryCopy(fd, copy, offset, length);
        }
        if (copied && LibC.fcntl(copy, AddSeals, SealAll) == 0)
            return copy;
        _ = LibC.close(copy);
        return -1;
    }

    private static bool TryCopy(int from, int to, long offset, long length)
    {
        if (lseek(to, (nint)offset, SeekSet) < 0)
            return false;
        long end = offset + length;
        nint count = 0;
        // A file that was truncated meanwhile ends early.
        while (offset < end && (count = sendfile(to, from, &offset, (nuint)(end - offset))) > 0)
        {
        }
        return count >= 0;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);

    [LibraryImport("libc")]
    private static partial int ftruncate(int fd, nint size);

    [LibraryImport("libc")]
    private static partial nint lseek(int fd, nint offset, int whence);

    [LibraryImport("libc")]
    private static partial nint sendfile(int to, int from, long* offset, nuint count);
}
