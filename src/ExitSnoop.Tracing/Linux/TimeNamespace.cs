using System.Globalization;

namespace ExitSnoop.Linux;

/// <summary>
/// The time namespace of this process (time_namespaces(7)). Its boot clock can differ from that of the machine, which
/// the kernel's records use.
/// </summary>
internal static class TimeNamespace
{
    /// <summary>By how many nanoseconds CLOCK_BOOTTIME is ahead of the machine's in this process; negative if it is behind.</summary>
    internal static long BootOffset
    {
        get
        {
            // timens_offsets describes the namespace of future children, which differs from this process's own after unshare(2).
            if (FileIdentity.Inode("/proc/self/ns/time") is not { } own || own != FileIdentity.Inode("/proc/self/ns/time_for_children"))
                return 0;
            foreach (string line in File.ReadLines("/proc/self/timens_offsets"))
                if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["boottime", string seconds, string nanoseconds])
                    return (long.Parse(seconds, CultureInfo.InvariantCulture) * 1_000_000_000) + long.Parse(nanoseconds, CultureInfo.InvariantCulture);
            return 0;
        }
    }
}
