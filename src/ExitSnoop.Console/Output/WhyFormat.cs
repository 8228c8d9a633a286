using System.Globalization;

namespace ExitSnoop.Cli.Output;

/// <summary>The table of --why: TIME PCOMM PID USER EXIT_CODE REASON COMMAND.</summary>
internal sealed class WhyFormat(OutputBuffer output, bool utc, string? label, bool withDate = false) : IEventFormat
{
    private const int NameWidth = 17;
    private const int NumberWidth = 8;
    private const int UserWidth = 11;
    private const int StatusWidth = 17;
    private const int ReasonWidth = 25;

    /// <summary>The text of a cell without a value. It is not empty, so that awk finds the same number of columns in each line.</summary>
    private const string Nothing = "-";

    /// <inheritdoc />
    public void WriteHeader()
    {
        output.AppendTimeTitle(utc, withDate);
        if (label is not null)
            output.AppendLabelTitle();
        output.AppendCell("PCOMM", NameWidth);
        output.AppendCell("PID", NumberWidth);
        output.AppendCell("USER", UserWidth);
        output.AppendCell("EXIT_CODE", StatusWidth);
        output.AppendCell("REASON", ReasonWidth);
        output.Append("COMMAND"u8);
        output.EndLine();
    }

    /// <inheritdoc />
    public void Write(ExitEvent exit)
    {
        output.AppendTime(exit, withDate);
        if (label is not null)
            output.AppendLabel(label);
        output.AppendCell(DisplayText.Escape(exit.Name), NameWidth);
        output.AppendCell(exit.Id, NumberWidth);
        output.AppendCell(exit.UserName is { } user ? DisplayText.Escape(user) : exit.UserId?.ToString(CultureInfo.InvariantCulture) ?? Nothing, UserWidth);
        output.AppendCell(exit.Status, StatusWidth);
        output.AppendCell(exit.Reason is { } reason ? DisplayText.Escape(reason) : Nothing, ReasonWidth);
        output.Append(DisplayText.Escape(exit.CommandLine is { Length: > 0 } command ? command : exit.Path ?? Nothing));
        if (exit.CommandLineTruncated)
            output.Append("..."u8);
        output.EndLine();
        output.AppendStackTrace(exit);
    }
}
