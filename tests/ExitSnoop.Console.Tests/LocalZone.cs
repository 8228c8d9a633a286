using ExitSnoop.Linux;

namespace ExitSnoop.Cli.Tests;

/// <summary>Sets TZ, the time zone of libc, for the whole process. Only one test class may do this at a time.</summary>
internal static class LocalZone
{
    internal static TimeZoneInfo Set(string name)
    {
        Posix.setenv("TZ", name, 1);
        LocalTime.ReadZone();
        return TimeZoneInfo.TryFindSystemTimeZoneById(name, out TimeZoneInfo? zone) ? zone : TimeZoneInfo.Utc;
    }
}
