namespace ExitSnoop;

/// <summary>What to read from a recording.</summary>
public sealed record ExitRecordingOptions
{
    /// <summary>
    /// The filters, <see cref="ExitTraceOptions.MaxEvents"/>, <see cref="ExitTraceOptions.StackTrace"/>, <see cref="ExitTraceOptions.Utc"/>
    /// and <see cref="ExitTraceOptions.Label"/>, as for a trace, and with <see cref="Follow"/> also
    /// <see cref="ExitTraceOptions.TimeLimit"/>. Other options are ignored. With <see cref="ExitTraceOptions.IncludeChildren"/>, a process
    /// counts as a descendant if one of its <see cref="ExitEvent.Ancestors"/> at the exit was one of the given processes.
    /// </summary>
    public ExitTraceOptions Filter { get; init; } = new();

    /// <summary>Only exits at this time or later, by the wall clock at the exit; null for no limit.</summary>
    public DateTimeOffset? After { get; init; }

    /// <summary>Only exits at this time or earlier, by the wall clock at the exit; null for no limit.</summary>
    public DateTimeOffset? Before { get; init; }

    /// <summary>Whether to return the oldest exits first; otherwise the newest.</summary>
    public bool OldestFirst { get; init; }

    /// <summary>
    /// Whether to continue with exits that are recorded from now on, until the enumeration is cancelled or
    /// <see cref="ExitTraceOptions.TimeLimit"/> has passed. Before these, existing exits are returned, oldest first: with
    /// <see cref="After"/> all exits from that time on; without it the newest <see cref="ExitTraceOptions.MaxEvents"/>, or 10.
    /// </summary>
    public bool Follow { get; init; }
}
