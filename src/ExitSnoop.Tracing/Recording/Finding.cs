namespace ExitSnoop.Recording;

/// <summary>What is to be reported about a span of time in a recording.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Since">Since when, in nanoseconds of Unix time.</param>
/// <param name="Until">Until when.</param>
internal sealed record Finding(FindingKind Kind, long Since, long Until)
{
    /// <summary>How many exits; null where that is not known.</summary>
    internal long? Count { get; init; }

    internal bool IsUpperBound { get; init; }

    /// <summary>Why, or which file.</summary>
    internal string Text { get; init; } = "";
}

internal enum FindingKind
{
    /// <summary>The recorder was stopped, and another started later.</summary>
    Stopped,

    /// <summary>As <see cref="Stopped"/>, and the machine was restarted in between.</summary>
    StoppedAndRestarted,

    /// <summary>The recorder ended without an end note, and another started later.</summary>
    BrokenOff,

    /// <summary>As <see cref="BrokenOff"/>, and the machine was restarted in between.</summary>
    Restarted,

    /// <summary>No recorder has run since.</summary>
    Ended,

    /// <summary>A segment is missing.</summary>
    Missing,

    /// <summary>The kernel or the recorder lost exits.</summary>
    Lost,

    /// <summary>Exits could not be written.</summary>
    Paused,

    /// <summary>An fsync(2) failed.</summary>
    Doubtful,

    /// <summary>Exits cannot be read.</summary>
    Damaged,

    /// <summary>A file cannot be read.</summary>
    Unreadable,
}
