using System.Runtime.InteropServices;
using ExitSnoop.Linux;

namespace ExitSnoop.Crash;

/// <summary>A copy of a file in memory that nobody can change any more (memfd_create(2), F_ADD_SEALS).</summary>
internal static unsafe partial class SealedCopy
{
    private const uint CloseOnExec = 1, AllowSealing = 2;
    private const int AddSeals = 1033, SealAll = 0x1 | 0x2 | 0x4 | 0x8;

    /// <summary>Copies so many bytes; -1 where that is not possible.</summary>
    internal static int TryMake(int fd, long size)
    {
        int copy = memfd_create("exitsnoop", CloseOnExec | AllowSealing);
        if (copy < 0)
            return -1;
        long offset = 0;
        nint count = 0;
        while (offset < size && (count = sendfile(copy, fd, &offset, (nuint)(size - offset))) > 0)
        {
        }
        if (count >= 0 && fcntl(copy, AddSeals, SealAll) == 0)
            return copy;
        _ = LibC.close(copy);
        return -1;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);

    [LibraryImport("libc")]
    private static partial nint sendfile(int to, int from, long* offset, nuint count);

    // Variadic in C; arguments of this kind are passed alike on x86-64 and arm64 Linux.
    [LibraryImport("libc")]
    private static partial int fcntl(int fd, int command, int argument);
}
