namespace ExitSnoop.Linux;

/// <summary>Measures how far the wall clock is ahead of the boot clock.</summary>
/// <param name="boot">Reads the boot clock, in nanoseconds.</param>
/// <param name="wall">Reads Unix time, in nanoseconds.</param>
internal sealed class WallClockOffset(Func<long> boot, Func<long> wall)
{
    private const int Attempts = 5;

    /// <summary>If two readings of the boot clock differ by at most this many nanoseconds, the thread was not preempted in between.</summary>
    private const long Tight = 5_000;

    /// <summary>
    /// The nanoseconds to add to the boot clock to get Unix time. If the thread is preempted between the readings of the
    /// two clocks, the result is wrong by that time. So the wall clock is read between two readings of the boot clock, and
    /// of several attempts the one with the shortest time between them is used.
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
