using System.Globalization;
using ExitSnoop.Linux;

namespace ExitSnoop;

/// <summary>Times for people to read, by the wall clock that libc has (localtime_r(3)), in the zone of TZ or /etc/localtime.</summary>
/// <remarks>
/// .NET's own local time, which the properties of an <see cref="ExitEvent"/> are in, is the same but for a TZ
/// that it does not understand (IST-5:30) and takes for UTC.
/// </remarks>
public static class DisplayTime
{
    /// <summary>The title of a column of times with the zone now in force: "TIME-UTC", "TIME-IST"; "TIME-03" where the zone has no name.</summary>
    /// <param name="utc">Whether the times are in UTC.</param>
    public static string ColumnTitle(bool utc)
    {
        string zone = utc ? "UTC" : LocalTime.ZoneNameAt(DateTime.UtcNow);
        // A zone without a name is named by its offset, which has a sign.
        return zone is ['-' or '+', ..] ? "TIME" + zone : "TIME-" + zone;
    }

    /// <summary>The wall-clock time of a moment.</summary>
    /// <param name="time">The moment. Only a local time is converted: one in UTC or of no kind stays as it is.</param>
    public static DateTime ToWallClock(DateTime time)
    {
        if (time.Kind != DateTimeKind.Local)
            return time;
        DateTime moment = time.ToUniversalTime();
        return DateTime.SpecifyKind(moment + LocalTime.OffsetAt(moment), DateTimeKind.Unspecified);
    }

    /// <summary>The time of day to the millisecond, cut and not rounded: "13:42:01.688".</summary>
    /// <param name="time">As for <see cref="ToWallClock"/>.</param>
    public static string Format(DateTime time) => ToWallClock(time).ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
}
