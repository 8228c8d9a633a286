using System.Text.Json;
using ExitSnoop.ModuleTests.Engine;
using Xunit;

namespace ExitSnoop.ModuleTests;

/// <summary>Names are bytes chosen by others: they must not break a row, drive the terminal, or throw.</summary>
public sealed class HostileNameTests
{
    // As much as fits into the fifteen bytes of a name.
    private const string Nasty = "\u001b]0;\a\n\u202e\u009bü\"";

    [Fact]
    public void A_name_with_control_characters_is_shown_escaped_and_kept_as_it_is()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Command scenario = Command.Start("sh", ["-c", "read go; exec \"$0\" comm", TestProgram.Scenario]);
        using RunningScript watch = shell.StartWatch(
            $"$all = Watch-ProcessExit {scenario.Id} -IncludeChildren; $all | Out-String -Stream -Width 120; $all");
        scenario.Write("\n");
        int deaths = scenario.Wait().Lines.Length + 1;

        ShellResult result = watch.Wait();
        Assert.Equal(deaths, result.Events.Count);
        string[] rows = [.. result.Output.OfType<string>().Where(line => line.Length > 0).Skip(2)];
        Assert.Equal(deaths, rows.Length);
        Assert.All(rows, row => Assert.DoesNotContain(row, c => char.IsControl(c) || c is '\u202e' or '\u2028'));

        (string Name, string Shown)[] names =
        [
            ("\u001b[31mred\u001b[0m", @"\e[31mred\e[0m"),
            ("\u001b]0;ttl\a", @"\e]0;ttl\a"),
            ("new\nline", @"new\nline"),
            ("tab\there", @"tab\there"),
            ("cr\rback", @"cr\rback"),
            ("\u0001\u007f", @"\x01\x7f"),
            ("\u009b31mC1", @"\x9b31mC1"),
            ("\u202ertl", @"\u202ertl"),
            ("\ufffd\ufffd bad", "\ufffd\ufffd bad"),
            ("c:\\dos", @"c:\dos"),
            ("%s%n%d", "%s%n%d"),
            ("x   ", "x"),
            ("ünïcödé", "ünïcödé"),
            ("🐝🐝", "🐝🐝"),
            ("", ""),
        ];
        foreach ((string name, string shown) in names)
        {
            ExitEvent exit = Assert.Single(result.Events, exit => exit.Name == name);
            string row = Assert.Single(rows, row => row.Contains($" {exit.Id} ", StringComparison.Ordinal));
            Assert.Equal(shown, row[..row.IndexOf($" {exit.Id} ", StringComparison.Ordinal)].TrimEnd());
        }
    }

    [Fact]
    public void A_storm_of_hostile_names_breaks_no_row_file_or_text()
    {
        Need.Kernel();
        using TestFolder folder = new();
        string csv = folder.Path("storm.csv");
        using Storm storm = Storm.Prepare("--kind", "fork", "--count", "3000", "--comm", Nasty);
        using Shell table = Shell.Open(), export = Shell.Open(), json = Shell.Open();
        string watch = $"Watch-ProcessExit {storm.Id} -IncludeChildren";
        using RunningScript rows = table.StartWatch($"{watch} | Format-Table | Out-String -Stream -Width 120");
        using RunningScript file = export.StartWatch($"{watch} | Export-Csv $csv", ("csv", csv));
        using RunningScript text = json.StartWatch($"{watch} | ConvertTo-Json -EnumsAsStrings");

        storm.Release();
        int deaths = storm.Wait();

        ShellResult shown = rows.Wait();
        Assert.Null(shown.Terminating);
        Assert.Empty(shown.Errors);
        string[] lines = [.. shown.Lines.Where(line => line.Length > 0).Skip(2)];
        Assert.Equal(deaths, lines.Length);
        Assert.All(lines, line => Assert.Matches(@"^.{16} \d+ +\d+ +\d+ +\d+\.\d\d +\S", line));
        Assert.All(lines, line => Assert.DoesNotContain(line, c => char.IsControl(c) || c == '\u202e'));

        Assert.Empty(file.Wait().Errors);
        object?[] names = [.. export.Run("(Import-Csv $csv).Name", ("csv", csv)).Output];
        Assert.Equal(deaths, names.Length);

        ShellResult converted = text.Wait();
        Assert.Empty(converted.Errors);
        using JsonDocument document = JsonDocument.Parse(Assert.IsType<string>(Assert.Single(converted.Output)));
        Assert.Equal(deaths, document.RootElement.GetArrayLength());

        Assert.Equal(3000, names.Count(name => (string?)name == Nasty));
        Assert.Equal(3000, document.RootElement.EnumerateArray().Count(exit => exit.GetProperty("Name").GetString() == Nasty));
    }

    [Fact]
    public void Arguments_of_others_are_data_in_a_list_a_view_and_a_file()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using TestFolder folder = new();
        string[] arguments = ["=cmd()", "a\nb", "\u001b[2J", "\"quoted\"", "", new string('z', 3000)];
        using Command victim = Command.Start("sh", ["-c", "read go; exec sh -c 'exit 3' \"$@\"", "sh", .. arguments]);
        using RunningScript watch = shell.StartWatch(
            $"$e = Watch-ProcessExit {victim.Id}; $e; $e | Format-List | Out-String -Width 100; $e | Format-Table -View Why | Out-String -Width 200; $e | Export-Csv $csv; Import-Csv $csv",
            ("csv", folder.Path("args.csv")));
        victim.Write("\n");

        ShellResult result = watch.Wait();
        Assert.Empty(result.Errors);
        Assert.Equal(["sh", "-c", "exit 3", .. arguments], Assert.Single(result.Events).Arguments!);
        string shown = string.Concat(result.Output.OfType<string>());
        Assert.DoesNotContain("\u001b", shown, StringComparison.Ordinal);
        Assert.Contains(@"\e[2J", shown, StringComparison.Ordinal);
        Assert.Contains("a\\nb", shown, StringComparison.Ordinal);
    }
}
