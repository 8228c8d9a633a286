namespace ExitSnoop;

/// <summary>What a recorder has done so far.</summary>
public sealed record ExitRecorderStatus
{
    /// <summary>Exits that were written.</summary>
    public required long Events { get; init; }

    /// <summary>Bytes that were written.</summary>
    public required long Bytes { get; init; }

    /// <summary>Bytes that the whole recording has now.</summary>
    public required long Size { get; init; }

    /// <summary>Exits that the kernel or the queue in memory lost: <see cref="ExitTrace.LostCount"/>.</summary>
    public required long Lost { get; init; }

    /// <summary>Exits that were seen and could not be written.</summary>
    public required long Missed { get; init; }

    /// <summary>How often recording paused because nothing could be written.</summary>
    public required long Pauses { get; init; }

    /// <summary>How often fsync(2) failed.</summary>
    public required long SyncFailures { get; init; }

    /// <summary>Why nothing is written now; null while it is.</summary>
    public required string? PauseReason { get; init; }
}
