namespace ExitSnoop;

/// <summary>The counters of a recorder since it was started.</summary>
public sealed record ExitRecorderStatus
{
    /// <summary>How many exits were written.</summary>
    public required long Events { get; init; }

    /// <summary>How many bytes were written.</summary>
    public required long Bytes { get; init; }

    /// <summary>The size of the whole recording in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>How many exits were lost before they could be recorded: <see cref="ExitTrace.LostCount"/>.</summary>
    public required long Lost { get; init; }

    /// <summary>How many exits could not be written.</summary>
    public required long Missed { get; init; }

    /// <summary>How often recording paused because nothing could be written.</summary>
    public required long Pauses { get; init; }

    /// <summary>How often fsync(2) failed.</summary>
    public required long SyncFailures { get; init; }

    /// <summary>Why recording is paused; null if it is not.</summary>
    public required string? PauseReason { get; init; }
}
