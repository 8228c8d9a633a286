using System.Runtime.InteropServices;

namespace ExitSnoop.Linux;

/// <summary>The fields that are used of struct statx (include/uapi/linux/stat.h), which is the same on every architecture, unlike struct stat.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal partial struct FileStatus
{
    private const uint TypeMask = 0xf000, Regular = 0x8000, WritableByOthers = 0x12, Executable = 0x49, Basic = 0x7ff;
    private const int EmptyPath = 0x1000, NoFollow = 0x100, WorkingFolder = -100;

    [FieldOffset(20)]
    internal readonly uint Owner;
    [FieldOffset(28)]
    private readonly ushort mode;
    [FieldOffset(32)]
    internal readonly ulong Inode;
    [FieldOffset(40)]
    private readonly ulong size;
    [FieldOffset(96)]
    internal readonly long ChangeTime;
    [FieldOffset(104)]
    internal readonly uint ChangeTimeNanoseconds;
    [FieldOffset(136)]
    internal readonly uint DeviceMajor;
    [FieldOffset(140)]
    internal readonly uint DeviceMinor;

    internal readonly bool IsRegular => (mode & TypeMask) == Regular;

    internal readonly long Size => (long)Math.Min(size, long.MaxValue);

    /// <summary>Whether any of the three permissions to execute it is set.</summary>
    internal readonly bool IsExecutable => (mode & Executable) != 0;

    /// <summary>Whether its group or others can write to it.</summary>
    internal readonly bool IsWritableByOthers => (mode & WritableByOthers) != 0;

    /// <summary>Whether only root can write to it or truncate it.</summary>
    internal readonly bool OnlyRootCanWrite => Owner == 0 && !IsWritableByOthers;

    /// <summary>Reads the status of an open file; returns 0 or errno.</summary>
    internal static int Get(int fd, out FileStatus status) => Get(fd, "", EmptyPath, out status);

    /// <summary>Reads the status of a file; links are followed. Returns 0 or errno.</summary>
    internal static int Get(string path, out FileStatus status) => Get(WorkingFolder, path, 0, out status);

    /// <summary>Reads the status of a file or of a symbolic link itself; returns 0 or errno.</summary>
    internal static int GetOfLink(string path, out FileStatus status) => Get(WorkingFolder, path, NoFollow, out status);

    private static unsafe int Get(int folder, string path, int flags, out FileStatus status)
    {
        fixed (FileStatus* place = &status)
            return statx(folder, path, flags, Basic, place) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(int folder, string path, int flags, uint mask, FileStatus* status);
}
