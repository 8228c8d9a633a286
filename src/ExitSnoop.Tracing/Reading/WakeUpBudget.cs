namespace ExitSnoop.Reading;

/// <summary>
/// Limits how often exits may wake the reader. A wake-up costs about 8 µs in the kernel, a record 0.2 µs. The limit is
/// high enough that a burst of commands from a script, and the exits of a machine with some hundred a second, are shown
/// immediately. It is low enough that a storm of exits is not slowed down.
/// </summary>
internal struct WakeUpBudget
{
    /// <summary>How many wake-ups are allowed per second. With the reader's own work they take 1 % of a CPU.</summary>
    internal const int PerSecond = 300;

    /// <summary>How many wake-ups are allowed in a row after a pause.</summary>
    internal const int Burst = 100;

    private const long Nanoseconds = 1_000_000_000 / PerSecond;

    private long paidUntil;

    /// <summary>A budget without a limit, for tests.</summary>
    internal static WakeUpBudget Unlimited => new() { paidUntil = long.MinValue };

    /// <summary>Takes one wake-up from the budget; returns false if none is left.</summary>
    /// <param name="now">The time in nanoseconds of a monotonic clock.</param>
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
