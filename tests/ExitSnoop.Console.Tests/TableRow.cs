using System.Text.RegularExpressions;

namespace ExitSnoop.Cli.Tests;

/// <summary>A line of the table, split into its cells.</summary>
internal sealed partial record TableRow(string Name, int Id, int ParentId, int ThreadId, string Status)
{
    /// <summary>The lines after the header.</summary>
    internal static List<TableRow> ReadAll(string table)
    {
        string[] lines = table.TrimEnd('\n').Split('\n');
        Assert.Equal("PCOMM            PID     PPID    TID     AGE(s)  EXIT_CODE", lines[0]);
        return [.. lines.Skip(1).Select(Read)];
    }

    private static TableRow Read(string line)
    {
        Match cells = Pattern().Match(line);
        Assert.True(cells.Success, line);
        return new TableRow(cells.Groups[1].Value.TrimEnd(), Number(2), Number(3), Number(4), cells.Groups[5].Value);

        int Number(int group) => int.Parse(cells.Groups[group].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"^(.{16,}?) (\d+) +(\d+) +(\d+) +\d+\.\d\d +(0|code \d+|signal \d+ \([^)]+\)(?:, core dumped)?)$")]
    private static partial Regex Pattern();
}
