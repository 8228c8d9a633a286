using System.Runtime.InteropServices;
using System.Text;
using ExitSnoop.Crash;
using ExitSnoop.Records;

namespace ExitSnoop.Cli.Tests;

/// <summary>Makes events as the kernel program would have sent them.</summary>
internal sealed record EventMaker
{
    public byte[] Name { get; init; } = "sh"u8.ToArray();
    public uint Id { get; init; } = 100;
    public uint ParentId { get; init; } = 1;
    public uint? ThreadId { get; init; }
    public TimeSpan Age { get; init; }

    /// <summary>As waitpid(2) stores it.</summary>
    public uint WaitStatus { get; init; }

    public DateTime ExitTime { get; init; } = new(2026, 11, 22, 8, 12, 1, DateTimeKind.Utc);
    public string? Label { get; init; }

    /// <summary>Whether its times are in UTC.</summary>
    public bool Utc { get; init; } = true;

    public string[]? Arguments { get; init; }
    public bool ArgumentsCut { get; init; }
    public (uint Id, string Name, uint User)? Sender { get; init; }
    public int? SignalCode { get; init; }
    public ulong? FaultAddress { get; init; }
    public bool OomKilled { get; init; }
    public bool KernelThread { get; init; }
    public uint User { get; init; }
    public bool Basic { get; init; }

    internal CrashReport? Crash { get; init; }

    internal ExitEvent Make()
    {
        const ulong BootTime = 1_000_000_000_000_000;
        RecordFlags flags = RecordFlags.GroupDead;
        if (!Basic)
            flags |= RecordFlags.Detail;
        if (SignalCode is not null)
            flags |= RecordFlags.Sender;
        if (Sender is not null)
            flags |= RecordFlags.Sender | RecordFlags.SenderTask;
        if (FaultAddress is not null)
            flags |= RecordFlags.FaultAddress;
        if (OomKilled)
            flags |= RecordFlags.OomKilled;
        if (KernelThread)
            flags |= RecordFlags.KernelThread;
        if (ArgumentsCut)
            flags |= RecordFlags.ArgumentsCut;

        ExitRecord record = new()
        {
            ExitTime = BootTime,
            StartTime = BootTime - (ulong)Age.Ticks * TimeSpan.NanosecondsPerTick,
            Flags = flags,
            Pid = Id,
            Tid = ThreadId ?? Id,
            ParentPid = ParentId,
            WaitStatus = WaitStatus,
            HostPid = Id,
        };
        Name.AsSpan().CopyTo(record.Comm);

        byte[] arguments = Encoding.UTF8.GetBytes(string.Concat((Arguments ?? []).Select(argument => argument + "\0")));
        ExitDetail detail = new()
        {
            Uid = User,
            SignalCode = SignalCode ?? 0,
            SenderPid = Sender?.Id ?? 0,
            SenderUid = Sender?.User ?? 0,
            FaultAddress = FaultAddress ?? 0,
            CpuTime = 1_234_000,
            MaxRss = 10,
            ArgsSize = (ushort)arguments.Length,
        };
        Encoding.UTF8.GetBytes(Sender?.Name ?? "").CopyTo(detail.SenderComm);

        byte[] bytes =
        [
            .. MemoryMarshal.AsBytes(new ReadOnlySpan<ExitRecord>(ref record)),
            .. Basic ? [] : MemoryMarshal.AsBytes(new ReadOnlySpan<ExitDetail>(ref detail)),
            .. Basic ? [] : arguments,
        ];
        long offset = (ExitTime.Ticks - DateTime.UnixEpoch.Ticks) * TimeSpan.NanosecondsPerTick - (long)BootTime;
        return new ExitEvent(bytes, null, offset, Utc, Label) { CrashReport = Crash };
    }
}
