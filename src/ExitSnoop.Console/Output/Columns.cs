namespace ExitSnoop.Cli.Output;

/// <summary>Writes the cells that several tables have in common.</summary>
internal static class Columns
{
    /// <summary>Twelve characters and a space.</summary>
    private const int TimeWidth = 13;

    /// <summary>A date, a T, a time and a space.</summary>
    private const int DateTimeWidth = 24;

    private const int LabelWidth = 6;

    internal static void AppendTimeTitle(this OutputBuffer output, bool utc, bool withDate) =>
        output.AppendCell(DisplayTime.ColumnTitle(utc), withDate ? DateTimeWidth : TimeWidth);

    /// <summary>Writes a time as HH:mm:ss.fff, truncated and not rounded, with or without yyyy-MM-ddT before it.</summary>
    internal static void AppendTime(this OutputBuffer output, ExitEvent exit, bool withDate)
    {
        output.BeginCell();
        if (withDate)
        {
            output.AppendDigits(exit.ExitMoment.Year, 4);
            output.Append("-"u8);
            output.AppendDigits(exit.ExitMoment.Month, 2);
            output.Append("-"u8);
            output.AppendDigits(exit.ExitMoment.Day, 2);
            output.Append("T"u8);
        }
        int milliseconds = (int)(exit.ExitMoment.Ticks % TimeSpan.TicksPerDay / TimeSpan.TicksPerMillisecond);
        output.AppendDigits(milliseconds / 3_600_000, 2);
        output.Append(":"u8);
        output.AppendDigits(milliseconds / 60_000 % 60, 2);
        output.Append(":"u8);
        output.AppendDigits(milliseconds / 1000 % 60, 2);
        output.Append("."u8);
        output.AppendDigits(milliseconds % 1000, 3);
        output.EndCell(withDate ? DateTimeWidth : TimeWidth);
    }

    internal static void AppendLabelTitle(this OutputBuffer output) => output.AppendCell("LABEL", LabelWidth);

    internal static void AppendLabel(this OutputBuffer output, string label) => output.AppendCell(DisplayText.Escape(label), LabelWidth);

    /// <summary>Writes a left-aligned cell with at least one space after it.</summary>
    internal static void AppendCell(this OutputBuffer output, ReadOnlySpan<char> text, int width)
    {
        output.BeginCell();
        output.Append(text);
        output.EndCell(width);
    }

    /// <summary>Writes a left-aligned cell with at least one space after it.</summary>
    internal static void AppendCell(this OutputBuffer output, long number, int width)
    {
        output.BeginCell();
        output.Append(number);
        output.EndCell(width);
    }
}
