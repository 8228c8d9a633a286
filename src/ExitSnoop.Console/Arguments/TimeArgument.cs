using System.Globalization;
using ExitSnoop.Linux;

namespace ExitSnoop.Cli.Arguments;

/// <summary>Times and lengths of time as they are written on a command line.</summary>
internal static class TimeArgument
{
    private static readonly string[] Formats =
        ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF", "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm:ss.FFFFFFF"];

    private static readonly string[] TimesOfDay = ["H:mm", "H:mm:ss.FFFFFFF"];

    /// <summary>Whether a word is a time before now, and so no option: -8h, -1h30m, -90.</summary>
    internal static bool IsAgo(string text) => text is ['-', _, ..] && TryParseSpan(text[1..], out _);

    /// <summary>Reads a length of time: 8h, 1h30m, 30d, and a number of seconds.</summary>
    internal static bool TryParseSpan(string text, out TimeSpan span)
    {
        span = TimeSpan.Zero;
        double seconds = 0;
        for (int start = 0; start < text.Length;)
        {
            int end = start;
            while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == '.'))
                end++;
            if (!double.TryParse(text.AsSpan(start, end - start), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number))
                return false;
            double unit = end == text.Length ? (start == 0 ? 1 : 0) : text[end] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, 'w' => 604800, _ => 0 };
            if (unit == 0)
                return false;
            seconds += number * unit;
            start = end + 1;
        }
        if (text.Length == 0 || seconds > ExitTraceOptions.MaximumSeconds)
            return false;
        span = TimeSpan.FromSeconds(seconds);
        return true;
    }

    /// <summary>Reads a moment: a time before now, a time of today, a date, or both, with an offset from UTC or without.</summary>
    /// <param name="text">What is written.</param>
    /// <param name="utc">Whether a time without an offset is in UTC; otherwise it is local.</param>
    /// <param name="now">Now.</param>
    /// <param name="time">The moment.</param>
    internal static bool TryParse(string text, bool utc, DateTimeOffset now, out DateTimeOffset time)
    {
        time = now;
        if (text == "now")
            return true;
        if (IsAgo(text) && TryParseSpan(text[1..], out TimeSpan ago))
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

    /// <summary>The moment at which a clock on the wall shows a time.</summary>
    private static DateTimeOffset At(DateTime wall, bool utc)
    {
        TimeSpan offset = TimeSpan.Zero;
        // The offset is known by the moment, which is known by the offset.
        for (int i = 0; i < 2 && !utc; i++)
            offset = LocalTime.OffsetAt(DateTime.SpecifyKind(wall - offset, DateTimeKind.Utc));
        return new DateTimeOffset(DateTime.SpecifyKind(wall, DateTimeKind.Unspecified), offset);
    }
}
