namespace ExitSnoop.Linux;

/// <summary>How far the wall clock is ahead of the boot clock.</summary>
/// <param name="boot">Reads the boot clock, in nanoseconds.</param>
/// <param name="wall">Reads Unix time, in nanoseconds.</param>
internal sealed class WallClockOffset(Func<long> boot, Func<long> wall)
{
    private const int Attempts = 5;

    /// <summary>Nanoseconds between two readings of the boot clock in which no other thread had the processor.</summary>
    private const long Tight = 5_000;

    /// <summary>
    /// Nanoseconds from the boot clock to Unix time. Two clocks cannot be read at once, and a thread that loses its
    /// processor between the readings would be wrong by the time it waits: so the wall clock is read between two
    /// readings of the boot clock, and of several such brackets the tightest counts.
    /// </summary>
    internal long Sample()
    {
        long offset = 0, tightest = long.MaxValue;
        for (int i = 0; i < Attempts && tightest > Tight; i++)
        {
            long before = boot(), now = wall(), width = boot() - before;
            if (width >= tightest)
                continue;
            tightest = width;
            offset = now - (before + (width / 2));
        }
        return offset;
    }
}
