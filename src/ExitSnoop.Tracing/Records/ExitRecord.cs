using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ExitSnoop.Records;

/// <summary>struct exit_record of bpf/record.h. Times are nanoseconds of the boot clock.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ExitRecord
{
    public ulong ExitTime;
    public ulong StartTime;
    public RecordFlags Flags;
    public uint Pid;
    public uint Tid;
    public uint ParentPid;
    public uint WaitStatus;
    public Comm Comm;
    public uint HostPid;
}

/// <summary>struct exit_detail of bpf/record.h, which follows the record if <see cref="RecordFlags.Detail"/> is set.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ExitDetail
{
    public ulong CpuTime;
    public ulong UserTime;
    public ulong SystemTime;
    public ulong MaxRss;
    public ulong MinorFaults;
    public ulong MajorFaults;
    public ulong ReadBytes;
    public ulong WriteBytes;
    public ulong VoluntarySwitches;
    public ulong InvoluntarySwitches;
    public ulong FaultAddress;
    public uint Uid;
    public uint Gid;
    public uint Session;
    public uint NamespacePid;
    public int SignalCode;
    public uint SenderPid;
    public uint SenderUid;
    public int SystemCall;
    public uint SystemCallArch;
    public Comm SenderComm;
    public Comm ParentComm;
    public Comm Terminal;
    public uint LoginUid;
    public ushort AncestorCount;
    public ushort PathSize;
    public ushort DirectorySize;
    public ushort CgroupSize;
    public ushort ArgsSize;
    public SignalCause Cause;
    public byte Reserved;
}

/// <summary>enum record_flags of bpf/record.h.</summary>
[Flags]
internal enum RecordFlags : uint
{
    Thread = 1 << 0,
    GroupDead = 1 << 1,
    Detail = 1 << 2,
    Sender = 1 << 3,
    SenderTask = 1 << 4,
    FaultAddress = 1 << 5,
    OomKilled = 1 << 6,
    ArgumentsCut = 1 << 7,
    PathCut = 1 << 8,
    KernelThread = 1 << 9,
    ArgumentsHeadCut = 1 << 10,
    CgroupCut = 1 << 11,
    Executed = 1 << 12,
    DirectoryCut = 1 << 13,
    SenderProbable = 1 << 14,
    SumsUnknown = 1 << 15,
    Exec = 1 << 16,
    UserNamespace = 1 << 17,
}

/// <summary>struct ancestor of bpf/record.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AncestorRecord
{
    public uint Pid;
    public Comm Comm;
}

/// <summary>A comm: TASK_COMM_LEN bytes, ended by a NUL.</summary>
[InlineArray(16)]
internal struct Comm
{
    private static readonly DecodedTexts<string> Decoded = new(System.Text.Encoding.UTF8.GetString);

    private byte first;

    /// <summary>The bytes before the NUL.</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public readonly ReadOnlySpan<byte> Text
    {
        get
        {
            ReadOnlySpan<byte> all = this;
            int end = all.IndexOf((byte)0);
            return end < 0 ? all : all[..end];
        }
    }

    public override readonly string ToString() => Decoded.Get(Text);
}

/// <summary>A view of the bytes of a record, of its detail if it has one, and of the bytes after them. Nothing is copied.</summary>
internal readonly ref struct RecordView
{
    internal static readonly int DetailOffset = Unsafe.SizeOf<ExitRecord>();
    internal static readonly int BytesOffset = DetailOffset + Unsafe.SizeOf<ExitDetail>();

    private readonly ReadOnlySpan<byte> bytes;

    private RecordView(ReadOnlySpan<byte> bytes) => this.bytes = bytes;

    /// <summary>All bytes of the record.</summary>
    internal ReadOnlySpan<byte> Bytes => bytes;

    internal ref readonly ExitRecord Record => ref MemoryMarshal.AsRef<ExitRecord>(bytes);

    internal bool HasDetail => bytes.Length >= BytesOffset;

    internal ref readonly ExitDetail Detail => ref MemoryMarshal.AsRef<ExitDetail>(bytes[DetailOffset..]);

    /// <summary>The ancestors beyond the parent, nearest first.</summary>
    internal ReadOnlySpan<AncestorRecord> Ancestors => MemoryMarshal.Cast<byte, AncestorRecord>(bytes[BytesOffset..PathOffset]);

    /// <summary>The path of the executable: components from the last to the first, each ended by a NUL. The other paths are stored likewise.</summary>
    internal ReadOnlySpan<byte> Path => bytes.Slice(PathOffset, Detail.PathSize);

    internal ReadOnlySpan<byte> Directory => bytes.Slice(DirectoryOffset, Detail.DirectorySize);

    internal ReadOnlySpan<byte> Cgroup => bytes.Slice(CgroupOffset, Detail.CgroupSize);

    /// <summary>The arguments, each ended by a NUL; the last one may have none if they were cut.</summary>
    internal ReadOnlySpan<byte> Arguments => bytes.Slice(ArgumentsOffset, Detail.ArgsSize);

    private int PathOffset => BytesOffset + (Detail.AncestorCount * Unsafe.SizeOf<AncestorRecord>());

    private int DirectoryOffset => PathOffset + Detail.PathSize;

    private int CgroupOffset => DirectoryOffset + Detail.DirectorySize;

    private int ArgumentsOffset => CgroupOffset + Detail.CgroupSize;

    /// <summary>Whether a record is that of an exit.</summary>
    internal static bool IsExit(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= DetailOffset && !MemoryMarshal.AsRef<ExitRecord>(bytes).Flags.HasFlag(RecordFlags.Exec);

    /// <summary>Makes a view of the bytes; returns false if they are shorter than the sizes in the record say.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> bytes, out RecordView view)
    {
        view = new RecordView(bytes);
        if (bytes.Length < DetailOffset)
            return false;
        if (!view.Record.Flags.HasFlag(RecordFlags.Detail))
        {
            view = new RecordView(bytes[..DetailOffset]);
            return true;
        }
        return view.HasDetail && bytes.Length >= view.ArgumentsOffset + view.Detail.ArgsSize;
    }
}
