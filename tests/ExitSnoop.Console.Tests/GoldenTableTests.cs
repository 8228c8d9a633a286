using System.Text.RegularExpressions;

namespace ExitSnoop.Cli.Tests;

/// <summary>
/// Each line that the original printed in the recorded runs, printed by ExitSnoop from the same event, with the
/// intended corrections and no other difference.
/// </summary>
public sealed partial class GoldenTableTests
{
    [Theory]
    [InlineData("none-core.out", false, null, null)]
    [InlineData("x.out", false, null, null)]
    [InlineData("per-thread.out", false, null, null)]
    [InlineData("t.out", true, null, "UTC")]
    [InlineData("utc.out", true, null, null)]
    [InlineData("t-tz-kolkata.out", true, null, "Asia/Kolkata")]
    [InlineData("label-foo.out", false, "foo", null)]
    [InlineData("label-empty.out", false, "exit", null)]
    [InlineData("label-long.out", false, "longerlabel", null)]
    [InlineData("combined.out", true, "foo", "UTC")]
    [InlineData("combined-utc.out", true, "exit", null)]
    public void The_table_is_the_originals(string file, bool timestamp, string? label, string? zone)
    {
        TimeZoneInfo offset = zone is null ? TimeZoneInfo.Utc : LocalZone.Set(zone);
        IEventFormat Make(OutputBuffer output) => new TableFormat(output, timestamp, utc: zone is null, label);

        List<string> lines = ReadLines(file);
        Assert.Equal(lines[0].TrimEnd() + "\n", Rendering.Header(Make));
        Assert.True(lines.Count > 50);
        foreach (string line in lines.Skip(1))
        {
            Match cells = Row().Match(line);
            Assert.True(cells.Success, line);
            string name = cells.Groups["name"].Value;
            ExitEvent exit = new EventMaker
            {
                // Trailing blanks of a name are not to be told from the column's, and print the same.
                Name = Encoding.UTF8.GetBytes(name.TrimEnd(' ')),
                Id = Number("pid"),
                ParentId = Number("ppid"),
                ThreadId = Number("tid"),
                Age = TimeSpan.FromSeconds(double.Parse(cells.Groups["age"].Value, CultureInfo.InvariantCulture)),
                WaitStatus = WaitStatus(cells.Groups["status"].Value),
                ExitTime = timestamp ? Time(cells.Groups["time"].Value, offset) : DateTime.UnixEpoch,
                Utc = zone is null,
                Basic = true,
            }.Make();
            Assert.Equal(Corrected(line, name) + "\n", Rendering.Row(Make, exit));

            uint Number(string column) => uint.Parse(cells.Groups[column].Value, CultureInfo.InvariantCulture);
        }
    }

    /// <summary>The scenario's names from the file that says what they really were.</summary>
    public static TheoryData<string, string> HostileNames() => new()
    {
        { @"\xff\xfe bad", "\ufffd\ufffd bad          " },
        { @"ok\xc3", "ok\ufffd             " },
        { @"\xd0\xbf\xd1\x80\xd0\xbe\xd1\x86\xd0\xb5\xd1\x81\xd1\x81\xd1", "процесс\ufffd        " },
        { @"\x1b[31mred\x1b[0m", @"\e[31mred\e[0m  " },
        { @"\x1b]0;ttl\x07", @"\e]0;ttl\a      " },
        { @"new\x0aline", @"new\nline       " },
        { @"tab\x09here", @"tab\there       " },
        { @"cr\x0dback", @"cr\rback        " },
        { @"\x01\x7f", @"\x01\x7f        " },
        { @"\xc2\x9b31mC1", @"\x9b31mC1       " },
        { @"\xe2\x80\xaertl", @"\u202ertl       " },
        { @"\xe4\xb8\xad\xe6\x96\x87", "中文              " },
        { @"\xf0\x9f\x90\x9d\xf0\x9f\x90\x9d", "🐝🐝              " },
        { @"c:\x5cdos", @"c:\dos          " },
        { "", "                " },
    };

    [Theory]
    [MemberData(nameof(HostileNames))]
    public void A_name_never_breaks_the_table(string escaped, string cell)
    {
        Assert.Contains("\t" + escaped + "\t", File.ReadAllText(Golden("none-core.truth")), StringComparison.Ordinal);
        ExitEvent exit = new EventMaker { Name = DeathOfScenario.Unescape(escaped), WaitStatus = 3 << 8, Basic = true }.Make();
        Assert.Equal(cell + " 100     1       100     0.00    code 3\n", Rendering.Row(output => new TableFormat(output, time: false, utc: true, null), exit));
    }

    /// <summary>
    /// A name with a newline was printed as two lines. A name that is not UTF-8 lost the line, except for the
    /// cells before the name, which stand before those of the next line.
    /// </summary>
    private static List<string> ReadLines(string file)
    {
        List<string> lines = [];
        foreach (string line in File.ReadAllText(Golden(file)).TrimEnd('\n').Split('\n'))
        {
            if (lines.Count > 1 && !Row().IsMatch(lines[^1]))
                lines[^1] += "\n" + line;
            else
                lines.Add(Remains().Replace(line, ""));
        }

        return lines;
    }

    private static string Golden(string file) => Path.Combine(Paths.Repository, "tests", "golden", file);

    /// <summary>The line with the intended corrections.</summary>
    private static string Corrected(string line, string name)
    {
        string shown = DisplayText.Escape(name.TrimEnd(' ')).PadRight(16);
        // The original pads by characters, .NET by UTF-16 units.
        shown += new string(' ', Math.Max(0, 16 - shown.EnumerateRunes().Count()));
        line = line.Replace(name + " ", shown + " ", StringComparison.Ordinal);
        // In the original, a long label is not separated from the name.
        line = line.Replace("longerlabel", "longerlabel ", StringComparison.Ordinal);
        return Unknown().Replace(line, match => $"signal {match.Groups[1].Value} ({DeathOfScenario.SignalName(int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))})").TrimEnd();
    }

    private static uint WaitStatus(string status)
    {
        Match number = FirstNumber().Match(status);
        uint value = uint.Parse(number.Value, CultureInfo.InvariantCulture);
        if (!status.StartsWith("signal", StringComparison.Ordinal))
            return value << 8;
        return value | (status.Contains("core", StringComparison.Ordinal) ? 0x80u : 0);
    }

    private static DateTime Time(string text, TimeZoneInfo zone)
    {
        DateTime local = new DateTime(2026, 7, 1) + TimeSpan.Parse(text, CultureInfo.InvariantCulture);
        return TimeZoneInfo.ConvertTimeToUtc(local, zone);
    }

    [GeneratedRegex(@"^(?<time>\d\d:\d\d:\d\d\.\d{3} )?(?:foo   |exit  |longerlabel)?(?<name>.{16,}?) (?<pid>\d+) +(?<ppid>\d+) +(?<tid>\d+) +(?<age>\d+\.\d\d) +(?<status>0|code \d+|signal .*?) ?$", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Row();

    [GeneratedRegex(@"^(?:(?:\d\d:\d\d:\d\d\.\d{3} (?:foo   |exit  )?)+(?=\d\d:\d\d:)|(?:foo   |exit  |longerlabel)+(?=foo   |exit  |longerlabel))")]
    private static partial Regex Remains();

    [GeneratedRegex(@"signal (\d+) \(unknown\)")]
    private static partial Regex Unknown();

    [GeneratedRegex(@"\d+")]
    private static partial Regex FirstNumber();
}
