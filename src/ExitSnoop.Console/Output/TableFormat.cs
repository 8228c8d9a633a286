namespace ExitSnoop.Cli.Output;

/// <summary>
/// The table of the original: PCOMM PID PPID TID AGE(s) EXIT_CODE, with TIME and LABEL before them if requested. Widths
/// count characters, as in the original. No line ends with a space.
/// </summary>
internal sealed class TableFormat(OutputBuffer output, bool time, bool utc, string? label, bool withDate = false) : IEventFormat
{
    private const int NameWidth = 17;
    private const int NumberWidth = 8;

    /// <inheritdoc />
    public void WriteHeader()
    {
        if (time)
            output.AppendTimeTitle(utc, withDate);
        if (label is not null)
            output.AppendLabelTitle();
        output.AppendCell("PCOMM", NameWidth);
        output.AppendCell("PID", NumberWidth);
        output.AppendCell("PPID", NumberWidth);
        output.AppendCell("TID", NumberWidth);
        output.AppendCell("AGE(s)", NumberWidth);
        output.Append("EXIT_CODE"u8);
        output.EndLine();
    }

    /// <inheritdoc />
    public void Write(ExitEvent exit)
    {
        if (time)
            output.AppendTime(exit, withDate);
        if (label is not null)
            output.AppendLabel(label);
        output.AppendCell(DisplayText.Escape(exit.Name), NameWidth);
        output.AppendCell(exit.Id, NumberWidth);
        output.AppendCell(exit.ParentId, NumberWidth);
        output.AppendCell(exit.ThreadId, NumberWidth);
        AppendAge(exit.Age);
        output.Append(exit.Status);
        output.EndLine();
        output.AppendStackTrace(exit);
    }

    /// <summary>Writes seconds with two decimals.</summary>
    private void AppendAge(TimeSpan age)
    {
        const long TicksPerHundredth = TimeSpan.TicksPerSecond / 100;
        long hundredths = (age.Ticks + TicksPerHundredth / 2) / TicksPerHundredth;
        output.BeginCell();
        output.Append(hundredths / 100);
        output.Append("."u8);
        output.AppendDigits((int)(hundredths % 100), 2);
        output.EndCell(NumberWidth);
    }
}
