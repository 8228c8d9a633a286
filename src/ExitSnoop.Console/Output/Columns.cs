namespace ExitSnoop.Cli.Output;

/// <summary>The cells that more than one table has.</summary>
internal static class Columns
{
    /// <summary>Twelve characters and a blank.</summary>
    private const int TimeWidth = 13;

    private const int LabelWidth = 6;

    internal static void AppendTimeTitle(this OutputBuffer output, WallClock clock)
    {
        string zone = clock.ZoneName;
        output.BeginCell();
        output.Append("TIME"u8);
        // A zone without a name is called by its offset, which brings a sign of its own.
        if (zone is not ['-' or '+', ..])
            output.Append("-"u8);
        output.Append(zone);
        output.EndCell(TimeWidth);
    }

    /// <summary>HH:mm:ss.fff, cut and not rounded.</summary>
    internal static void AppendTime(this OutputBuffer output, DateTime time, WallClock clock)
    {
        output.BeginCell();
        int milliseconds = (int)(clock.Convert(time).Ticks % TimeSpan.TicksPerDay / TimeSpan.TicksPerMillisecond);
        output.AppendDigits(milliseconds / 3_600_000, 2);
        output.Append(":"u8);
        output.AppendDigits(milliseconds / 60_000 % 60, 2);
        output.Append(":"u8);
        output.AppendDigits(milliseconds / 1000 % 60, 2);
        output.Append("."u8);
        output.AppendDigits(milliseconds % 1000, 3);
        output.EndCell(TimeWidth);
    }

    internal static void AppendLabelTitle(this OutputBuffer output) => output.AppendCell("LABEL", LabelWidth);

    internal static void AppendLabel(this OutputBuffer output, string label) => output.AppendCell(DisplayText.Escape(label), LabelWidth);

    /// <summary>Left-aligned, with at least one blank after it.</summary>
    internal static void AppendCell(this OutputBuffer output, ReadOnlySpan<char> text, int width)
    {
        output.BeginCell();
        output.Append(text);
        output.EndCell(width);
    }

    /// <summary>Left-aligned, with at least one blank after it.</summary>
    internal static void AppendCell(this OutputBuffer output, long number, int width)
    {
        output.BeginCell();
        output.Append(number);
        output.EndCell(width);
    }
}
