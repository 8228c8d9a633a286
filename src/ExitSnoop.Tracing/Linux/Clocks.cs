namespace ExitSnoop.Linux;

/// <summary>The boot clock and the wall clock, in nanoseconds.</summary>
internal static class Clocks
{
    private static readonly long Ahead = TimeNamespace.BootOffset;

    /// <summary>The boot clock of the machine, which the kernel's records use, also if this process has a time namespace of its own.</summary>
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
