using System.Globalization;
using ExitSnoop.Linux;

namespace ExitSnoop.Cli.Arguments;

/// <summary>Reads points in time on a command line.</summary>
internal static class TimeArgument
{
    private static readonly string[] Formats =
        ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF", "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm:ss.FFFFFFF"];

    private static readonly string[] TimesOfDay = ["H:mm", "H:mm:ss.FFFFFFF"];

    /// <summary>Whether a word is a time before now and therefore not an option: -8h, -1h30m, -90.</summary>
    internal static bool IsAgo(string text) => text is ['-', _, ..] && DurationText.TryParse(text[1..], out _);

    /// <summary>Reads a point in time: a time before now, a time of today, a date, or date and time, with or without an offset from UTC.</summary>
    /// <param name="text">The text.</param>
    /// <param name="utc">Whether a time without an offset is in UTC; otherwise it is local.</param>
    /// <param name="now">The current time.</param>
    /// <param name="time">The point in time.</param>
    internal static bool TryParse(string text, bool utc, DateTimeOffset now, out DateTimeOffset time)
    {
        time = now;
        if (text == "now")
            return true;
        if (IsAgo(text) && DurationText.TryParse(text[1..], out TimeSpan ago))
        {
            time = now - ago;
            return true;
        }
        DateTime today = (utc ? now.UtcDateTime : now.UtcDateTime + LocalTime.OffsetAt(now.UtcDateTime)).Date;
        if (text is "today" or "yesterday")
        {
            time = At(text == "today" ? today : today.AddDays(-1), utc);
            return true;
        }
        const DateTimeStyles style = DateTimeStyles.None;
        if (DateTime.TryParseExact(text, TimesOfDay, CultureInfo.InvariantCulture, style, out DateTime wall))
            time = At(today + wall.TimeOfDay, utc);
        else if (DateTime.TryParseExact(text, Formats, CultureInfo.InvariantCulture, style, out wall))
            time = At(wall, utc);
        else
            return DateTimeOffset.TryParseExact(text, [.. Formats.Skip(1).Select(format => format + "K")], CultureInfo.InvariantCulture, style, out time);
        return true;
    }

    /// <summary>The point in time at which the wall clock shows a local time.</summary>
    private static DateTimeOffset At(DateTime wall, bool utc)
    {
        TimeSpan offset = TimeSpan.Zero;
        // The offset from UTC depends on the point in time, which is computed with the offset. So this is done twice.
        for (int i = 0; i < 2 && !utc; i++)
            offset = LocalTime.OffsetAt(DateTime.SpecifyKind(wall - offset, DateTimeKind.Utc));
        return new DateTimeOffset(DateTime.SpecifyKind(wall, DateTimeKind.Unspecified), offset);
    }
}
