using System.Text.RegularExpressions;
using ExitSnoop.ModuleTests.Support;
using Xunit;

namespace ExitSnoop.ModuleTests;

/// <summary>What is lost is counted, exactly, and told.</summary>
public sealed partial class LossTests
{
    [Fact]
    public void A_stopped_shell_with_a_small_buffer_loses_events_and_tells_how_many()
    {
        Need.Kernel();
        using Storm storm = Storm.Prepare("--kind", "vfork", "--count", "15000");
        using Command shell = Pwsh.StartWatch(
            $"$n = 0; Watch-ProcessExit {storm.Id} -IncludeChildren -BufferSize 1 | ForEach-Object {{ $n++ }}; \"seen $n\"");
        shell.Signal(Command.SigStop);
        storm.Release();
        int deaths = storm.Wait();
        shell.Signal(Command.SigCont);
        CommandResult result = shell.Wait();

        int seen = Number(result.Output, SeenPattern());
        int lost = Number(result.Output, TotalPattern());
        Assert.InRange(lost, 1000, deaths);
        Assert.Equal(deaths, seen + lost);
        // Told when it happened, with the size and what helps; then the total.
        Assert.Matches(@"WARNING: \d+ events were lost: the kernel's buffer of 1 MiB was full\. What helps: a larger buffer, a filter", result.Output);
        Assert.Equal(2, result.Lines.Count(line => line.StartsWith("WARNING", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_shell_with_little_memory_drops_events_counts_them_and_lives()
    {
        Need.Kernel();
        using TestCgroup cgroup = TestCgroup.Create();
        cgroup.LimitMemory(300);
        using TestFolder folder = new();
        string go = folder.Path("go");
        // Four KiB of arguments each, and nobody who takes the events: the queue fills up.
        using Storm storm = Storm.PrepareHeavy(4000, "--kind", "vfork", "--count", "40000");
        string command = "$VerbosePreference = 'Continue'; $n = 0; "
            + $"Watch-ProcessExit {storm.Id} -IncludeChildren | ForEach-Object {{ if ($n++ -eq 0) {{ while (-not (Test-Path '{go}')) {{ Start-Sleep -Milliseconds 50 }} }} }}; "
            + "\"seen $n\"; \"still $(1 + 1)\"";
        using Command shell = Command.Start("sh", [.. cgroup.Join, Pwsh.Executable, .. Pwsh.Arguments(command)], null, Pwsh.Environment());
        shell.WaitForOutput("attached by");
        storm.Release();
        int deaths = storm.Wait();
        folder.Write("go", "");
        CommandResult result = shell.Wait();

        Assert.True(result.ExitCode == 0, result.ToString());
        int lost = Number(result.Output, TotalPattern());
        Assert.InRange(lost, 1, deaths);
        Assert.Equal(deaths, Number(result.Output, SeenPattern()) + lost);
        Assert.Contains("still 2", result.Output, StringComparison.Ordinal);
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
