namespace ExitSnoop.ModuleTests;

/// <summary>Names are bytes that other users choose. They must not break a row, control the terminal or cause an exception.</summary>
public sealed class HostileNameTests
{
    [Fact]
    public void A_name_with_control_characters_is_shown_escaped_and_kept_as_it_is_in_files()
    {
        using TestFolder folder = new();
        using Command scenario = Command.Start("sh", ["-c", "read go; exec \"$0\" comm", TestProgram.Scenario]);
        using RunningScript watch = Shell.Shared.StartWatch(
            $"$all = Watch-ProcessExit {scenario.Id} -IncludeChildren; $all | Out-String -Stream -Width 120; $all; $all | Export-Csv $csv; , (Import-Csv $csv).Name; , ($all | ConvertTo-Json | ConvertFrom-Json).Name",
            ("csv", folder.Path("names.csv")));
        scenario.Write("\n");
        int deaths = scenario.Wait().Lines.Length + 1;

        ShellResult result = watch.Wait();
        Assert.Equal(deaths, result.Events.Count);
        foreach (object? back in result.Output.TakeLast(2))
            Assert.Equal(result.Events.Select(exit => exit.Name), ((object[])back!).Cast<string>());
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
    public void Arguments_of_others_are_data_in_a_list_a_view_and_a_file()
    {
        using TestFolder folder = new();
        string[] arguments = ["=cmd()", "a\nb", "\u001b[2J", "\"quoted\"", "", new string('z', 3000)];
        using Command victim = Command.Start("sh", ["-c", "read go; exec sh -c 'exit 3' \"$@\"", "sh", .. arguments]);
        using RunningScript watch = Shell.Shared.StartWatch(
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
