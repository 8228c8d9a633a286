namespace ExitSnoop.Reading;

/// <summary>
/// How often the reader may go back to sleep while exits come, so that the next one wakes it. A wake-up costs the
/// kernel some 8 µs where a record costs 0.2, so there is a limit: a script's burst of commands and a machine with some
/// hundred exits a second are shown at once, and a storm does not pay for it.
/// </summary>
internal struct WakeUpBudget
{
    /// <summary>So many a second: at most 1 % of a CPU, with what the reader itself takes.</summary>
    internal const int PerSecond = 300;

    /// <summary>So many at once, after a time without.</summary>
    internal const int Burst = 100;

    private const long Nanoseconds = 1_000_000_000 / PerSecond;

    private long paidUntil;

    /// <summary>Whether there is one left, which is then spent.</summary>
    /// <param name="now">Nanoseconds of a clock that is not set.</param>
    internal bool TrySpend(long now)
    {
        long from = Math.Max(paidUntil, now - (Burst * Nanoseconds));
        if (from + Nanoseconds > now)
            return false;
        paidUntil = from + Nanoseconds;
        return true;
    }
}
