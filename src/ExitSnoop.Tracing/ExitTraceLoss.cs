namespace ExitSnoop;

/// <summary>Events that a trace lost, as <see cref="ExitTrace.TryTakeLoss"/> reports them.</summary>
public sealed record ExitTraceLoss
{
    /// <summary>How many: since the loss reported before this one, or with <see cref="IsTotal"/> since the start of the trace.</summary>
    public required long Count { get; init; }

    /// <summary>Whether this is the sum over the whole trace, reported once, at its end.</summary>
    public required bool IsTotal { get; init; }

    /// <summary>
    /// Whether fewer may have been lost: some of the exits that were counted are ones that a filter would have
    /// held back, or exits of single threads.
    /// </summary>
    public required bool IsUpperBound { get; init; }

    /// <summary>A message: how many, why, and what to do.</summary>
    public required string Message { get; init; }
}
