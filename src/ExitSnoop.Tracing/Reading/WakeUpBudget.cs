namespace ExitSnoop.Reading;

/// <summary>
/// How often the reader may go back to sleep while exits come, so that the next one wakes it. A wake-up costs the
/// kernel some 8 µs where a record costs 0.2, so there is a limit. The burst of a script's commands and the exits of a
/// machine with some hundred a second are shown at once, and a storm is not slowed down.
/// </summary>
internal struct WakeUpBudget
{
    /// <summary>At most this many a second, which take 1 % of a CPU together with the reader's own work.</summary>
    internal const int PerSecond = 300;

    /// <summary>At most this many at once, after a pause.</summary>
    internal const int Burst = 100;

    private const long Nanoseconds = 1_000_000_000 / PerSecond;

    private long paidUntil;

    /// <summary>Without a limit, to test what happens at each wake-up.</summary>
    internal static WakeUpBudget Unlimited => new() { paidUntil = long.MinValue };

    /// <summary>Whether there is one left, which is then spent.</summary>
    /// <param name="now">Nanoseconds of a clock that is not set.</param>
    internal bool TrySpend(long now)
    {
        if (paidUntil == long.MinValue)
            return true;
        long from = Math.Max(paidUntil, now - (Burst * Nanoseconds));
        if (from + Nanoseconds > now)
            return false;
        paidUntil = from + Nanoseconds;
        return true;
    }
}
