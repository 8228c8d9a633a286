using System.Runtime.InteropServices;
using ExitSnoop.Linux;

namespace ExitSnoop.Crash;

/// <summary>A copy of a file in memory that nobody can change any more (memfd_create(2), F_ADD_SEALS).</summary>
internal static unsafe partial class SealedCopy
{
    private const uint CloseOnExec = 1, AllowSealing = 2, Executable = 0x10, NotExecutable = 0x8;
    private const int AddSeals = 1033, SealAll = 0x1 | 0x2 | 0x4 | 0x8;

    /// <summary>Copies so many bytes; -1 where that is not possible.</summary>
    /// <param name="fd">The file.</param>
    /// <param name="size">Its size in bytes.</param>
    /// <param name="executable">Whether it is to be executed. Before 6.3 every such file can be, and the kernel knows neither flag.</param>
    internal static int TryMake(int fd, long size, bool executable = false)
    {
        int copy = memfd_create("exitsnoop", CloseOnExec | AllowSealing | (executable ? Executable : NotExecutable));
        if (copy < 0)
            copy = memfd_create("exitsnoop", CloseOnExec | AllowSealing);
        if (copy < 0)
            return -1;
        long offset = 0;
        nint count = 0;
        while (offset < size && (count = sendfile(copy, fd, &offset, (nuint)(size - offset))) > 0)
        {
        }
        if (count >= 0 && LibC.fcntl(copy, AddSeals, SealAll) == 0)
            return copy;
        _ = LibC.close(copy);
        return -1;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);

    [LibraryImport("libc")]
    private static partial nint sendfile(int to, int from, long* offset, nuint count);
}
