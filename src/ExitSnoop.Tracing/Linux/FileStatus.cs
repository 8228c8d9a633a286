using System.Runtime.InteropServices;

namespace ExitSnoop.Crash;

/// <summary>struct statx of include/uapi/linux/stat.h, which is the same on every architecture, up to the device.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal partial struct FileStatus
{
    private const uint TypeMask = 0xf000, Regular = 0x8000, WritableByOthers = 0x12, Executable = 0x49, Basic = 0x7ff;
    private const int EmptyPath = 0x1000;

    [FieldOffset(20)]
    private readonly uint owner;
    [FieldOffset(28)]
    private readonly ushort mode;
    [FieldOffset(32)]
    private readonly ulong inode;
    [FieldOffset(40)]
    private readonly ulong size;
    [FieldOffset(96)]
    private readonly long changeTime;
    [FieldOffset(104)]
    private readonly uint changeTimeNanoseconds;
    [FieldOffset(136)]
    private readonly uint deviceMajor;
    [FieldOffset(140)]
    private readonly uint deviceMinor;

    internal readonly bool IsRegular => (mode & TypeMask) == Regular;

    internal readonly long Size => (long)Math.Min(size, long.MaxValue);

    /// <summary>Whether anybody may execute it.</summary>
    internal readonly bool IsExecutable => (mode & Executable) != 0;

    /// <summary>Whether only root can write it or cut it off.</summary>
    internal readonly bool OnlyRootCanWrite => owner == 0 && (mode & WritableByOthers) == 0;

    /// <summary>
    /// Whether it is the file that a mapping was made of, unchanged since. Of file systems without a device of their own
    /// (major number 0) some give stat(2) another number than the kernel's, as btrfs and overlayfs do; the change time,
    /// to the nanosecond, tells their files apart.
    /// </summary>
    internal readonly bool IsFileOf(in CrashMapping mapping) =>
        mapping.Inode == inode && mapping.ChangeTime == changeTime && mapping.ChangeTimeNanoseconds == changeTimeNanoseconds
        && (deviceMajor == 0 || mapping.Device == (deviceMajor << 20 | deviceMinor));

    internal static unsafe bool TryGet(int fd, out FileStatus status)
    {
        byte empty = 0;
        fixed (FileStatus* place = &status)
            return statx(fd, &empty, EmptyPath, Basic, place) == 0;
    }

    [LibraryImport("libc")]
    private static unsafe partial int statx(int directory, byte* path, int flags, uint mask, FileStatus* status);
}
