namespace ExitSnoop.Recording;

/// <summary>A span of time in a recording in which exits are missing or may be missing.</summary>
/// <param name="Kind">The reason.</param>
/// <param name="Since">The beginning, in nanoseconds of Unix time.</param>
/// <param name="Until">The end, in nanoseconds of Unix time.</param>
internal sealed record Finding(FindingKind Kind, long Since, long Until)
{
    /// <summary>How many exits are missing; null if that is not known.</summary>
    internal long? Count { get; init; }

    internal bool IsUpperBound { get; init; }

    /// <summary>The reason in words; for damage, the path of the file.</summary>
    internal string Text { get; init; } = "";
}

internal enum FindingKind
{
    /// <summary>The recorder was stopped, and another one was started later.</summary>
    Stopped,

    /// <summary>As <see cref="Stopped"/>, and the machine was restarted in between.</summary>
    StoppedAndRestarted,

    /// <summary>The recorder ended without an end note, and another one was started later.</summary>
    BrokenOff,

    /// <summary>As <see cref="BrokenOff"/>, and the machine was restarted in between.</summary>
    Restarted,

    /// <summary>The recorder ended, and none has run since.</summary>
    Ended,

    /// <summary>A segment is missing.</summary>
    Missing,

    /// <summary>Exits were lost before they could be recorded.</summary>
    Lost,

    /// <summary>Exits could not be written.</summary>
    Paused,

    /// <summary>fsync(2) failed, so exits may not have reached the device.</summary>
    Doubtful,

    /// <summary>A part of a segment is damaged and its exits cannot be read.</summary>
    Damaged,

    /// <summary>A file cannot be read.</summary>
    Unreadable,
}
