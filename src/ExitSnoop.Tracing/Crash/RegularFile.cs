using System.Globalization;
using System.Runtime.InteropServices;
using ExitSnoop.Linux;

namespace ExitSnoop.Crash;

/// <summary>Opens files whose names others chose: regular ones, without waiting, and nothing else with a side effect.</summary>
internal static unsafe partial class RegularFile
{
    private const int PathOnly = 0x200000, CloseOnExec = 0x80000, NonBlocking = 0x800, NoTerminal = 0x100;

    /// <summary>Opens a file for reading; -1 where it cannot be opened or is not a regular file.</summary>
    internal static int TryOpen(string path, out FileStatus status)
    {
        // To open a device does something. A descriptor of the path alone does not, and says what it is.
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

    // Not variadic here: the mode is not read without O_CREAT.
    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, uint mode);
}
