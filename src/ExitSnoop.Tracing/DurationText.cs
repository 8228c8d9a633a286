using System.Globalization;

namespace ExitSnoop;

/// <summary>Reads durations: 90, 90s, 8h, 1h30m, 30d.</summary>
internal static class DurationText
{
    /// <summary>
    /// Reads numbers with a unit each (s, m, h, d, w), or one number of seconds. Returns false for other text and for more than
    /// <see cref="ExitTraceOptions.MaximumSeconds"/>.
    /// </summary>
    internal static bool TryParse(string text, out TimeSpan span)
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
}
