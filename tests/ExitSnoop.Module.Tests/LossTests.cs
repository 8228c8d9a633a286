namespace ExitSnoop.ModuleTests;

/// <summary>Lost events are counted exactly and reported.</summary>
public sealed partial class LossTests
{
    [Fact]
    public void A_stopped_shell_with_a_small_buffer_loses_events_and_tells_how_many()
    {
        (string output, int deaths) = Lose("$n = 0; {0} -WarningVariable kept | ForEach-Object {{ $n++ }}; \"seen $n\"; \"kept: $($kept[-1])\"");
        int seen = Number(output, SeenPattern());
        int lost = Number(output, TotalPattern());
        Assert.InRange(lost, 1000, deaths);
        Assert.Equal(deaths, seen + lost);
        // Told when it happened, with the size and what helps; then the total.
        Assert.Matches(@"WARNING: \d+ events were lost: the kernel's buffer of 1 MiB was full\. What helps: a larger buffer \(-BufferSize, --buffer-size\), a filter", output);
        Assert.Equal(2, output.Split('\n').Count(line => line.StartsWith("WARNING", StringComparison.Ordinal)));
        Assert.Contains($"kept: {lost} events were lost in all.", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_warning_can_end_the_watch() => Assert.Contains(
        "ended: ActionPreferenceStop", Lose("try {{ {0} -WarningAction Stop | Out-Null }} catch {{ \"ended: $($_.FullyQualifiedErrorId)\" }}").Output, StringComparison.Ordinal);

    // A reader that is stopped, and a buffer too small for what happens meanwhile.
    private static (string Output, int Deaths) Lose(string script)
    {
        using Storm storm = Storm.Prepare("--kind", "vfork", "--count", "15000");
        using Command shell = Pwsh.StartWatch(string.Format(CultureInfo.InvariantCulture, script, $"Watch-ProcessExit {storm.Id} -IncludeChildren -BufferSize 1"));
        shell.Signal(Command.SigStop);
        storm.Release();
        int deaths = storm.Wait();
        shell.Signal(Command.SigCont);
        return (shell.Wait().Output, deaths);
    }

    private static int Number(string text, Regex pattern)
    {
        Match match = pattern.Match(text);
        Assert.True(match.Success, $"There is no '{pattern}' in:\n{text}");
        return int.Parse(match.Groups[1].Value);
    }

    [GeneratedRegex(@"seen (\d+)")]
    private static partial Regex SeenPattern();

    [GeneratedRegex(@"WARNING: (\d+) events were lost in all\.")]
    private static partial Regex TotalPattern();
}
