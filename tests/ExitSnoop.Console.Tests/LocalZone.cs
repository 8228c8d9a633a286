using ExitSnoop.Linux;

namespace ExitSnoop.Cli.Tests;

/// <summary>The zone that libc takes for local, as TZ sets it for a whole program. One test class at a time may.</summary>
internal static class LocalZone
{
    internal static TimeZoneInfo Set(string name)
    {
        Posix.setenv("TZ", name, 1);
        LocalTime.ReadZone();
        return TimeZoneInfo.TryFindSystemTimeZoneById(name, out TimeZoneInfo? zone) ? zone : TimeZoneInfo.Utc;
    }
}
