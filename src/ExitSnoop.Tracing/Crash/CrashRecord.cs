using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ExitSnoop.Linux;
using ExitSnoop.Records;

namespace ExitSnoop.Crash;

/// <summary>struct crash_record of bpf/crash_record.h, without the mappings and paths that follow.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CrashRecord
{
    public ulong Time;
    public ulong StartTime;
    public uint HostPid;
    public uint Tid;
    public uint Signal;
    public uint MountNamespace;
    public CrashFlags Flags;
    public uint RegisterBytes;
    public uint MappingCount;
    public uint PathBytes;
    public Comm Comm;
    public CrashStack Stack;
    public CrashStack Origin;
}

/// <summary>enum crash_flags.</summary>
[Flags]
internal enum CrashFlags : uint
{
    Origin = 1 << 0,
    MappingsCut = 1 << 1,
}

/// <summary>struct crash_stack: the registers of a thread and the top of its stack, page by page.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CrashStack
{
    public RegisterArray Registers;
    public uint Pages;
    public uint Reserved;
    public StackBytes Bytes;

    [InlineArray(34)]
    internal struct RegisterArray
    {
        private ulong first;
    }

    [InlineArray(5 * 4096)]
    internal struct StackBytes
    {
        private byte first;
    }
}

/// <summary>struct crash_mapping: one executable mapping.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CrashMapping
{
    public ulong Start;
    public ulong End;
    public ulong Offset;
    public ulong Inode;
    public long ChangeTime;
    public uint ChangeTimeNanoseconds;
    public uint Device;
    public ushort PathEnd;
    private readonly ushort reserved1, reserved2, reserved3;

    /// <summary>
    /// Whether this is a mapping of the file, and the file has not changed since. Some file systems without a device of their own (major
    /// number 0), such as btrfs and overlayfs, report another device number in stat(2) than the kernel uses, so it is not compared there:
    /// the change time, in nanoseconds, distinguishes the files.
    /// </summary>
    internal readonly bool IsOf(in FileStatus file) =>
        Inode == file.Inode && ChangeTime == file.ChangeTime && ChangeTimeNanoseconds == file.ChangeTimeNanoseconds
        && (file.DeviceMajor == 0 || Device == (file.DeviceMajor << 20 | file.DeviceMinor));
}

/// <summary>A view of the bytes of a crash record, which are not copied.</summary>
internal readonly ref struct CrashRecordView
{
    internal const int MappingsMaximum = 128, PathsMaximum = 8192;

    private readonly ReadOnlySpan<byte> bytes;

    private CrashRecordView(ReadOnlySpan<byte> bytes) => this.bytes = bytes;

    /// <summary>The size of every record.</summary>
    internal static int Size => Unsafe.SizeOf<CrashRecord>() + (MappingsMaximum * Unsafe.SizeOf<CrashMapping>()) + PathsMaximum;

    internal ref readonly CrashRecord Record => ref MemoryMarshal.AsRef<CrashRecord>(bytes);

    internal ReadOnlySpan<CrashMapping> Mappings =>
        MemoryMarshal.Cast<byte, CrashMapping>(bytes[Unsafe.SizeOf<CrashRecord>()..PathsOffset])[..(int)Record.MappingCount];

    private static int PathsOffset => Size - PathsMaximum;

    internal static bool TryParse(ReadOnlySpan<byte> bytes, out CrashRecordView view)
    {
        view = new CrashRecordView(bytes);
        return bytes.Length >= Size && view.Record.MappingCount <= MappingsMaximum && view.Record.PathBytes <= PathsMaximum
            && view.Record.RegisterBytes is 21 * sizeof(ulong) or 34 * sizeof(ulong);
    }

    /// <summary>The path of a mapping's file in the process's own mounts; empty for anonymous memory.</summary>
    internal string PathOf(int mapping)
    {
        int start = mapping == 0 ? 0 : Mappings[mapping - 1].PathEnd, end = Mappings[mapping].PathEnd;
        return start <= end && end <= PathsMaximum ? ComponentPath.Join(bytes.Slice(PathsOffset + start, end - start)) : "";
    }
}
