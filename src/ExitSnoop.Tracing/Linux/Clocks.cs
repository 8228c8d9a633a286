namespace ExitSnoop.Linux;

/// <summary>The clocks of the kernel's records and of the wall, in nanoseconds.</summary>
internal static class Clocks
{
    private static readonly long Ahead = TimeNamespace.BootOffset;

    /// <summary>The boot clock as the kernel's records have it, in whatever time namespace this process is.</summary>
    internal static long Boot()
    {
        _ = LibC.clock_gettime(LibC.ClockBoottime, out LibC.Timespec boot);
        return boot.TotalNanoseconds - Ahead;
    }

    /// <summary>Unix time.</summary>
    internal static long Wall()
    {
        _ = LibC.clock_gettime(LibC.ClockRealtime, out LibC.Timespec real);
        return real.TotalNanoseconds;
    }
}
