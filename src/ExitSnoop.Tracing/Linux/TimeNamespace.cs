using System.Globalization;

namespace ExitSnoop.Linux;

/// <summary>
/// The time namespace of this process (time_namespaces(7)), in which its clocks are ahead of those of the
/// machine, which the kernel's records are told in.
/// </summary>
internal static class TimeNamespace
{
    /// <summary>By how many nanoseconds a clock, CLOCK_BOOTTIME or CLOCK_MONOTONIC, is ahead here.</summary>
    internal static long Offset(int clock)
    {
        // The file is of the namespace that children will have, for once another than the own one.
        if (FileIdentity.Inode("/proc/self/ns/time") is not { } own || own != FileIdentity.Inode("/proc/self/ns/time_for_children"))
            return 0;
        string name = clock == LibC.ClockMonotonic ? "monotonic" : "boottime";
        foreach (string line in File.ReadLines("/proc/self/timens_offsets"))
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [string named, string seconds, string nanoseconds] && named == name)
                return (long.Parse(seconds, CultureInfo.InvariantCulture) * 1_000_000_000) + long.Parse(nanoseconds, CultureInfo.InvariantCulture);
        return 0;
    }
}
