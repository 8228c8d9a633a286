using System.Runtime.InteropServices;

namespace ExitSnoop.Linux;

/// <summary>Inode numbers, which .NET does not tell: of cgroup folders and namespaces.</summary>
internal static unsafe partial class FileIdentity
{
    // struct statx and its constants, include/uapi/linux/stat.h: the same on every architecture, unlike struct stat.
    private const int StatxSize = 256, InodeOffset = 32;
    private const uint StatxInode = 0x100;
    private const int AtFdcwd = -100;

    /// <summary>The inode number of a file, links followed; null where it cannot be read.</summary>
    internal static ulong? Inode(string path)
    {
        byte* buffer = stackalloc byte[StatxSize];
        return statx(AtFdcwd, path, 0, StatxInode, buffer) == 0 ? *(ulong*)(buffer + InodeOffset) : null;
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int folder, string path, int flags, uint mask, byte* result);
}
