using System.Globalization;
using System.Runtime.InteropServices;
using ExitSnoop.Linux;

namespace ExitSnoop.Crash;

/// <summary>Opens files whose paths others chose: only regular files, without blocking and without side effects on other files.</summary>
internal static unsafe partial class RegularFile
{
    private const int PathOnly = 0x200000, CloseOnExec = 0x80000, NonBlocking = 0x800, NoTerminal = 0x100;

    /// <summary>Opens a file for reading; -1 if it cannot be opened or is not a regular file.</summary>
    internal static int TryOpen(string path, out FileStatus status)
    {
        // Opening a device can have side effects. A descriptor with O_PATH has none and is enough to read the type of the file.
        int place = open(path, PathOnly | CloseOnExec, 0);
        status = default;
        if (place < 0)
            return -1;
        int fd = -1;
        if (FileStatus.Get(place, out status) == 0 && status.IsRegular)
            fd = open(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{place}"), CloseOnExec | NonBlocking | NoTerminal, 0);
        _ = LibC.close(place);
        return fd;
    }

    // Variadic in C, but the mode is read only with O_CREAT.
    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, uint mode);
}
