using System.Globalization;
using ExitSnoop.Linux;

namespace ExitSnoop;

/// <summary>Formats times for people, as local time of libc (localtime_r(3)) in the zone of TZ or /etc/localtime.</summary>
/// <remarks>
/// The properties of an <see cref="ExitEvent"/> are in the local time of .NET. The two differ only if .NET does not
/// understand the value of TZ (IST-5:30) and treats it as UTC.
/// </remarks>
public static class DisplayTime
{
    /// <summary>The title of a column of times, with the current time zone: "TIME-UTC", "TIME-IST"; "TIME-03" if the zone has no abbreviation.</summary>
    /// <param name="utc">Whether the times are in UTC.</param>
    public static string ColumnTitle(bool utc)
    {
        string zone = utc ? "UTC" : LocalTime.ZoneNameAt(DateTime.UtcNow);
        // For a zone without an abbreviation, strftime(3) gives the offset with its sign.
        return zone is ['-' or '+', ..] ? "TIME" + zone : "TIME-" + zone;
    }

    /// <summary>Converts a time to the local time of libc.</summary>
    /// <param name="time">The time. Only a time of the kind Local is converted; others are returned unchanged.</param>
    public static DateTime ToWallClock(DateTime time)
    {
        if (time.Kind != DateTimeKind.Local)
            return time;
        DateTime moment = time.ToUniversalTime();
        return DateTime.SpecifyKind(moment + LocalTime.OffsetAt(moment), DateTimeKind.Unspecified);
    }

    /// <summary>The time of day in milliseconds, truncated and not rounded: "13:42:01.688".</summary>
    /// <param name="time">The time. It is converted as by <see cref="ToWallClock"/>.</param>
    public static string Format(DateTime time) => ToWallClock(time).ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
}
