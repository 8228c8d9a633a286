using ExitSnoop.Linux;

namespace ExitSnoop.Tests;

/// <summary>The clock by which the kernel stamps starts and exits, in nanoseconds.</summary>
internal static class BootClock
{
    internal static ulong Now
    {
        get
        {
            _ = LibC.clock_gettime(LibC.ClockBoottime, out LibC.Timespec time);
            return (ulong)time.TotalNanoseconds;
        }
    }

    internal static TimeSpan Since(ulong start) => TimeSpan.FromMicroseconds((Now - start) / 1000);
}
