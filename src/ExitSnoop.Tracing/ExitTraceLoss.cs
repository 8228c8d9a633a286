namespace ExitSnoop;

/// <summary>A loss of events, as <see cref="ExitTrace.TryTakeLoss"/> reports it.</summary>
public sealed record ExitTraceLoss
{
    /// <summary>How many events were lost since the previous report or, if <see cref="IsTotal"/> is set, since the start of the trace.</summary>
    public required long Count { get; init; }

    /// <summary>Whether this is the sum for the whole trace, which is reported once at its end.</summary>
    public required bool IsTotal { get; init; }

    /// <summary>
    /// Whether fewer events may have been lost, because the count includes exits that a filter would have dropped, or exits
    /// of single threads.
    /// </summary>
    public required bool IsUpperBound { get; init; }

    /// <summary>A message in whole sentences: how many events were lost, why, and what to do.</summary>
    public required string Message { get; init; }
}
