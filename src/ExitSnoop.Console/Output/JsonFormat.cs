using System.Buffers;
using System.Globalization;
using System.Text;

namespace ExitSnoop.Cli.Output;

/// <summary>
/// One JSON object a line, with the properties of <see cref="ExitEvent"/> under their own names and in their own order,
/// those without a value as null. Times are ISO 8601 with the offset from UTC, durations are seconds, signals
/// are the names of <see cref="Signal"/>'s members.
/// </summary>
/// <remarks>
/// Written by hand, because the encoders of System.Text.Json either turn every quote of a command line and every
/// name that is not ASCII into \uXXXX, or let through what turns the reading direction of a terminal.
/// </remarks>
internal sealed class JsonFormat(OutputBuffer output) : IEventFormat
{
    /// <summary>Of ASCII, what stands for itself.</summary>
    private static readonly SearchValues<char> Plain =
        SearchValues.Create([.. Enumerable.Range(' ', '\x7f' - ' ').Select(c => (char)c).Where(c => c is not ('"' or '\\'))]);

    private static readonly string[] SignalMembers = GetSignalMembers();

    /// <inheritdoc />
    public void WriteHeader()
    {
    }

    /// <inheritdoc />
    public void Write(ExitEvent exit)
    {
        output.Append("{\"Name\":"u8);
        AppendText(exit.Name);
        Append(",\"Id\":"u8, exit.Id);
        Append(",\"ParentId\":"u8, exit.ParentId);
        Append(",\"ThreadId\":"u8, exit.ThreadId);
        Append(",\"Age\":"u8, exit.Age);
        Append(",\"StartTime\":"u8, exit.StartMoment, exit.IsUtc);
        Append(",\"ExitTime\":"u8, exit.ExitMoment, exit.IsUtc);
        Append(",\"ExitCode\":"u8, exit.ExitCode);
        Append(",\"Signal\":"u8, SignalMembers[(int)exit.Signal]);
        Append(",\"CoreDumped\":"u8, exit.CoreDumped);
        Append(",\"Failed\":"u8, exit.Failed);
        Append(",\"Crashed\":"u8, exit.Crashed);
        Append(",\"Status\":"u8, exit.Status);
        Append(",\"Label\":"u8, exit.Label);
        Append(",\"IsThread\":"u8, exit.IsThread);

        Append(",\"SenderId\":"u8, exit.SenderId);
        Append(",\"SenderName\":"u8, exit.SenderName);
        Append(",\"SenderUserId\":"u8, exit.SenderUserId);
        Append(",\"SignalCode\":"u8, exit.SignalCode);
        Append(",\"FaultAddress\":"u8, exit.FaultAddress);
        Append(",\"OomKilled\":"u8, exit.OomKilled);

        Append(",\"Reason\":"u8, exit.Reason);

        Append(",\"CommandLine\":"u8, exit.CommandLine);
        Append(",\"Arguments\":"u8, exit.Arguments);
        Append(",\"Path\":"u8, exit.Path);
        Append(",\"CommandLineTruncated\":"u8, exit.CommandLineTruncated);

        Append(",\"UserId\":"u8, exit.UserId);
        Append(",\"GroupId\":"u8, exit.GroupId);
        Append(",\"UserName\":"u8, exit.UserName);
        Append(",\"ParentName\":"u8, exit.ParentName);
        Append(",\"SessionId\":"u8, exit.SessionId);

        Append(",\"TotalProcessorTime\":"u8, exit.TotalProcessorTime);
        Append(",\"UserProcessorTime\":"u8, exit.UserProcessorTime);
        Append(",\"PrivilegedProcessorTime\":"u8, exit.PrivilegedProcessorTime);
        Append(",\"PeakWorkingSet64\":"u8, exit.PeakWorkingSet64);
        Append(",\"MinorFaults\":"u8, exit.MinorFaults);
        Append(",\"MajorFaults\":"u8, exit.MajorFaults);
        Append(",\"ReadBytes\":"u8, exit.ReadBytes);
        Append(",\"WriteBytes\":"u8, exit.WriteBytes);
        Append(",\"VoluntarySwitches\":"u8, exit.VoluntarySwitches);
        Append(",\"InvoluntarySwitches\":"u8, exit.InvoluntarySwitches);

        Append(",\"CgroupPath\":"u8, exit.CgroupPath);
        Append(",\"ContainerId\":"u8, exit.ContainerId);
        Append(",\"NamespaceId\":"u8, exit.NamespaceId);
        Append(",\"HostId\":"u8, exit.HostId);
        output.Append("}"u8);
        output.EndLine();
    }

    private void Append(ReadOnlySpan<byte> name, string? value)
    {
        output.Append(name);
        if (value is null)
            output.Append("null"u8);
        else
            AppendText(value);
    }

    private void Append(ReadOnlySpan<byte> name, long? value)
    {
        output.Append(name);
        if (value is { } number)
            output.Append(number);
        else
            output.Append("null"u8);
    }

    private void Append(ReadOnlySpan<byte> name, ulong? value)
    {
        output.Append(name);
        if (value is { } number)
            output.Append(number);
        else
            output.Append("null"u8);
    }

    private void Append(ReadOnlySpan<byte> name, bool? value)
    {
        output.Append(name);
        output.Append(value switch { true => "true"u8, false => "false"u8, null => "null"u8 });
    }

    /// <summary>Seconds, with as many decimals as say something.</summary>
    private void Append(ReadOnlySpan<byte> name, TimeSpan? value)
    {
        output.Append(name);
        if (value is not { } time)
        {
            output.Append("null"u8);
            return;
        }

        (long seconds, long fraction) = Math.DivRem(time.Ticks, TimeSpan.TicksPerSecond);
        output.Append(seconds);
        if (fraction == 0)
            return;
        int digits = 7;
        for (; fraction % 10 == 0; fraction /= 10)
            digits--;
        output.Append("."u8);
        output.AppendDigits((int)fraction, digits);
    }

    /// <summary>2026-11-22T13:42:01.6880000+05:30, or with Z for UTC.</summary>
    private void Append(ReadOnlySpan<byte> name, DateTimeOffset time, bool utc)
    {
        output.Append(name);
        output.Append("\""u8);
        output.AppendDigits(time.Year, 4);
        output.Append("-"u8);
        output.AppendDigits(time.Month, 2);
        output.Append("-"u8);
        output.AppendDigits(time.Day, 2);
        output.Append("T"u8);
        output.AppendDigits(time.Hour, 2);
        output.Append(":"u8);
        output.AppendDigits(time.Minute, 2);
        output.Append(":"u8);
        output.AppendDigits(time.Second, 2);
        output.Append("."u8);
        output.AppendDigits((int)(time.Ticks % TimeSpan.TicksPerSecond), 7);
        if (utc)
            output.Append("Z"u8);
        else
        {
            int minutes = (int)time.Offset.TotalMinutes;
            output.Append(minutes < 0 ? "-"u8 : "+"u8);
            output.AppendDigits(Math.Abs(minutes) / 60, 2);
            output.Append(":"u8);
            output.AppendDigits(Math.Abs(minutes) % 60, 2);
        }

        output.Append("\""u8);
    }

    private void Append(ReadOnlySpan<byte> name, ArgumentList? values)
    {
        output.Append(name);
        if (values is null)
        {
            output.Append("null"u8);
            return;
        }

        output.Append("["u8);
        for (int i = 0; i < values.Count; i++)
        {
            if (i > 0)
                output.Append(","u8);
            AppendText(values[i]);
        }

        output.Append("]"u8);
    }

    /// <summary>In quotes, with all escaped that JSON demands, that drives a terminal or turns the reading direction there.</summary>
    private void AppendText(ReadOnlySpan<char> text)
    {
        output.Append("\""u8);
        int plain = 0, first = text.IndexOfAnyExcept(Plain);
        for (int i = first < 0 ? text.Length : first; i < text.Length;)
        {
            bool escape;
            int units = 1;
            if (char.IsAscii(text[i]))
                escape = text[i] is < ' ' or '"' or '\\' or '\x7f';
            else
            {
                // What is no character at all, half a surrogate pair, comes out as U+FFFD.
                Rune.DecodeFromUtf16(text[i..], out Rune rune, out units);
                escape = Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
                    or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
            }

            if (escape)
            {
                output.Append(text[plain..i]);
                foreach (char unit in text.Slice(i, units))
                    AppendEscape(unit);
                plain = i + units;
            }

            i += units;
        }

        output.Append(text[plain..]);
        output.Append("\""u8);
    }

    private void AppendEscape(char unit)
    {
        switch (unit)
        {
            case '"': output.Append("\\\""u8); break;
            case '\\': output.Append("\\\\"u8); break;
            case '\n': output.Append("\\n"u8); break;
            case '\r': output.Append("\\r"u8); break;
            case '\t': output.Append("\\t"u8); break;
            default:
                output.Append("\\u"u8);
                output.Append(((int)unit).ToString("x4", CultureInfo.InvariantCulture));
                break;
        }
    }

    private static string[] GetSignalMembers()
    {
        // A wait status has seven bits for the signal, more than there are signals.
        string[] names = new string[128];
        for (int i = 0; i < names.Length; i++)
            names[i] = ((Signal)i).ToString();
        return names;
    }
}
