using ExitSnoop.Crash;
using ExitSnoop.Tests.Records;

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
        RecordFlags Flag(bool has, RecordFlags flag) => has ? flag : 0;
        ExitRecord record = new()
        {
            ExitTime = BootTime,
            StartTime = BootTime - (ulong)Age.Ticks * TimeSpan.NanosecondsPerTick,
            Flags = RecordFlags.GroupDead | Flag(SignalCode is not null || Sender is not null, RecordFlags.Sender) | Flag(Sender is not null, RecordFlags.SenderTask)
                | Flag(FaultAddress is not null, RecordFlags.FaultAddress) | Flag(OomKilled, RecordFlags.OomKilled)
                | Flag(KernelThread, RecordFlags.KernelThread) | Flag(ArgumentsCut, RecordFlags.ArgumentsCut),
            Pid = Id,
            Tid = ThreadId ?? Id,
            ParentPid = ParentId,
            WaitStatus = WaitStatus,
            HostPid = Id,
            Comm = RecordBytes.CommOf(Name),
        };
        ExitDetail detail = new()
        {
            Uid = User,
            SignalCode = SignalCode ?? 0,
            SenderPid = Sender?.Id ?? 0,
            SenderUid = Sender?.User ?? 0,
            FaultAddress = FaultAddress ?? 0,
            CpuTime = 1_234_000,
            MaxRss = 10,
            SenderComm = RecordBytes.CommOf(Encoding.UTF8.GetBytes(Sender?.Name ?? "")),
        };

        byte[] arguments = Encoding.UTF8.GetBytes(string.Concat((Arguments ?? []).Select(argument => argument + "\0")));
        byte[] bytes = Basic ? RecordBytes.Of(record) : RecordBytes.Of(record, detail, arguments: arguments);
        long offset = (ExitTime.Ticks - DateTime.UnixEpoch.Ticks) * TimeSpan.NanosecondsPerTick - (long)BootTime;
        return new ExitEvent(bytes, null, offset, Utc, Label) { CrashReport = Crash };
    }
}
