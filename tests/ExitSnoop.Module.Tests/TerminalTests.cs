namespace ExitSnoop.ModuleTests;

/// <summary>The output that a user sees on a terminal, in a file and in a pipe.</summary>
public sealed class TerminalTests
{
    private const string Red = "\u001b[31m", Reset = "\u001b[0m";

    [Fact]
    public void On_a_terminal_failed_rows_are_red_and_others_are_not_and_a_file_gets_no_colours()
    {
        using TestFolder folder = new();
        string[] lines = OnTerminal($"-OutVariable all; $all | Out-File '{folder.Path("out.txt")}'; $all | Out-String -Width 100 | Add-Content '{folder.Path("out.txt")}'", out Victim fine, out Victim failed);
        string good = Row(lines, fine.Id), bad = Row(lines, failed.Id);

        Assert.DoesNotContain("\u001b", good, StringComparison.Ordinal);
        Assert.Contains($"{Red}code 3{Reset}", bad, StringComparison.Ordinal);
        Assert.Contains($"{Red}{failed.Id}{Reset}", bad, StringComparison.Ordinal);
        // Apart from the colours the columns stand as they do without.
        Assert.Equal(good.IndexOf(fine.Id.Text(), StringComparison.Ordinal), Plain(bad).IndexOf(failed.Id.Text(), StringComparison.Ordinal));

        string file = File.ReadAllText(folder.Path("out.txt"));
        Assert.Equal(2, file.Split('\n').Count(line => line.Contains($" {failed.Id} ", StringComparison.Ordinal)));
        Assert.DoesNotContain("\u001b", file, StringComparison.Ordinal);
    }

    [Fact]
    public void A_red_cell_that_is_cut_does_not_colour_what_follows()
    {
        string[] lines = OnTerminal("-Label 'much too long'", out _, out Victim failed);
        string row = Row(lines, failed.Id);
        Assert.StartsWith("much… victim", Plain(row), StringComparison.Ordinal);
        Assert.EndsWith(Reset, row.TrimEnd(), StringComparison.Ordinal);
        Assert.Equal(row.Split(Red).Length, row.Split(Reset).Length);
        Assert.Matches(@"^(\e\[31m[^\e]*\e\[0m *)+$", row.TrimEnd());
    }

    [Fact]
    public void On_80_columns_the_status_is_whole_and_the_name_gives_way()
    {
        using TestFolder folder = new();
        (string Parameters, string Shown)[] watches = [("-Timestamp -Label x", "x     of_15_cha… "), ("-Utc -Label ''", "exit  of_15_cha… "), ("", "of_15_character  ")];
        Victim[] victims = [.. watches.Select(_ => Victim.StartNamed(folder, "of_15_character", "sleep", "60"))];
        using TerminalShell shell = new(
            "$VerbosePreference = 'Continue'; $env:TZ = 'Asia/Kolkata'; [TimeZoneInfo]::ClearCachedData(); "
                + string.Join("; ", watches.Select((watch, i) => $"Watch-ProcessExit {victims[i].Id} {watch.Parameters} | Out-Default")), columns: 80);
        for (int i = 0; i < watches.Length; i++)
        {
            Eventually.True(() => shell.Output.Split("attached by").Length > i + 1, "No watch has attached.");
            using (victims[i])
            {
                victims[i].Signal(Command.SigTerm);
                victims[i].Wait();
            }
        }
        string[] lines = [.. shell.Wait().Output.Split('\n').Select(line => Plain(line).TrimEnd('\r'))];
        string[] headers = [.. lines.Where(line => line.Contains("PCOMM", StringComparison.Ordinal))];
        for (int i = 0; i < watches.Length; i++)
        {
            string row = Assert.Single(lines, line => line.Contains($" {victims[i].Id} ", StringComparison.Ordinal));
            Assert.EndsWith(" signal 15 (TERM)", row, StringComparison.Ordinal);
            Assert.InRange(row.Length, 0, 80);
            Assert.Contains($"{watches[i].Shown}{victims[i].Id}", row, StringComparison.Ordinal);
            Assert.Equal(headers[i].IndexOf("EXIT_CODE", StringComparison.Ordinal), row.IndexOf("signal", StringComparison.Ordinal));
        }
    }

    // Whatever pwsh does with colours where its output is redirected, it does with ours as with its own.
    [Fact]
    public void The_header_in_a_pipe_is_coloured_as_that_of_Get_Process()
    {
        string[] renderings = ["Host", "PlainText", "Ansi"];
        using Victim failed = Victim.Start("exit", "3");
        using Command shell = Pwsh.StartWatch($$"""
            $exit = Watch-ProcessExit {{failed.Id}} -Utc
            foreach ($rendering in '{{string.Join("', '", renderings)}}') {
                $PSStyle.OutputRendering = $rendering
                [Console]::WriteLine("== $rendering"); $exit | Out-Default; Get-Process -Id $PID | Out-Default
            }
            """, null, ("NO_COLOR", null));
        failed.Die();
        string[] parts = shell.Wait().Output.Split("== ")[1..];
        Assert.Equal(renderings.Length, parts.Length);
        foreach (string[] lines in parts.Select(part => part.Split('\n')))
        {
            string ours = Assert.Single(lines, line => line.Contains("EXIT_CODE", StringComparison.Ordinal));
            string theirs = Assert.Single(lines, line => line.Contains("ProcessName", StringComparison.Ordinal));
            Assert.Equal(theirs.Contains('\u001b'), ours.Contains('\u001b'));
            // With the same colours, of which theirs have one more for a column that is computed.
            Assert.Subset(Colours(theirs), Colours(ours));
            // Rows have none in a pipe, also where pwsh keeps colours.
            string row = Assert.Single(lines, line => line.Contains($" {failed.Id} ", StringComparison.Ordinal));
            Assert.DoesNotContain("\u001b", row, StringComparison.Ordinal);
            Assert.EndsWith("code 3", row, StringComparison.Ordinal);
        }

        static HashSet<string> Colours(string line) => [.. Regex.Matches(line, "\u001b\\[[0-9;]*m").Select(match => match.Value)];
    }

    [Fact]
    [Trait("measures", "time")]
    public void A_row_is_on_the_terminal_at_once()
    {
        Need.Kernel();
        using Victim first = Victim.Start("exit", "1"), alive = Victim.Start("sleep", "60");
        using TerminalShell shell = new($"$VerbosePreference = 'Continue'; Watch-ProcessExit {first.Id}, {alive.Id} -Timestamp");
        shell.WaitForOutput("attached by");
        first.Die();
        long died = System.Diagnostics.Stopwatch.GetTimestamp();
        shell.WaitForOutput("code 1");
        // 20 ms into the pipeline; the first row also compiles the view.
        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(died).TotalMilliseconds, 0, 1500);
        shell.Type(TerminalShell.ControlC);
        shell.Wait();
    }

    private static string[] OnTerminal(string parameters, out Victim fine, out Victim failed)
    {
        using Victim good = Victim.Start("exit", "0"), bad = Victim.Start("exit", "3");
        (fine, failed) = (good, bad);
        using TerminalShell shell = new($"$VerbosePreference = 'Continue'; Watch-ProcessExit {good.Id}, {bad.Id} {parameters}");
        shell.WaitForOutput("attached by");
        good.Die();
        bad.Die();
        CommandResult result = shell.Wait();
        return [.. result.Output.Split('\n').Select(line => line.TrimEnd('\r'))];
    }

    private static string Row(string[] lines, int id) => Assert.Single(lines, line => Regex.IsMatch(Plain(line), $@"\bvictim +{id} "));

    private static string Plain(string text) => Regex.Replace(text, "\u001b\\[[0-9;]*m", "");
}
