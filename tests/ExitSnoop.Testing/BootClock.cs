namespace ExitSnoop.Testing;

/// <summary>The boot clock, with which the kernel measures starts and exits, in nanoseconds.</summary>
internal static class BootClock
{
    internal static ulong Now
    {
        get
        {
            _ = Posix.clock_gettime(Posix.ClockBootTime, out Posix.TimeSpec time);
            return ((ulong)time.Seconds * 1_000_000_000) + (ulong)time.Nanoseconds;
        }
    }

    internal static TimeSpan Since(ulong start) => TimeSpan.FromMicroseconds((Now - start) / 1000);
}
