namespace ExitSnoop;

/// <summary>What to read of a recording.</summary>
public sealed record ExitRecordingOptions
{
    /// <summary>
    /// The filters, <see cref="ExitTraceOptions.MaxEvents"/>, <see cref="ExitTraceOptions.Utc"/> and
    /// <see cref="ExitTraceOptions.Label"/>, as for a trace; the other options are ignored.
    /// With <see cref="ExitTraceOptions.IncludeChildren"/>, descendants are those that have a process asked for among the
    /// <see cref="ExitEvent.Ancestors"/> that they had at the exit.
    /// </summary>
    public ExitTraceOptions Filter { get; init; } = new();

    /// <summary>Only exits at this time or later, by the wall clock of the exit; null for no limit.</summary>
    public DateTimeOffset? After { get; init; }

    /// <summary>Only exits at this time or earlier.</summary>
    public DateTimeOffset? Before { get; init; }

    /// <summary>The oldest first, in place of the newest.</summary>
    public bool OldestFirst { get; init; }

    /// <summary>
    /// Goes on with what is recorded from now on, until the enumeration is cancelled or has had
    /// <see cref="ExitTraceOptions.TimeLimit"/>. What is there comes oldest first: all from <see cref="After"/> on, else the
    /// newest <see cref="ExitTraceOptions.MaxEvents"/>, 10 where that is not given.
    /// </summary>
    public bool Follow { get; init; }
}
