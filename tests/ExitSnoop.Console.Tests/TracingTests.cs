using System.Globalization;
using System.Text.Json;

namespace ExitSnoop.Cli.Tests;

/// <summary>
/// What the program prints of real deaths. That the library reports them rightly is tested there, and in
/// <see cref="OptionValueTests"/> that each option reaches it.
/// </summary>
public sealed class TracingTests
{
    [Fact]
    public void The_table_and_the_JSON_have_a_line_for_each_process_with_the_status_of_waitpid()
    {
        using Command trace = ConsoleProgram.Trace(), json = ConsoleProgram.Trace("--json");
        using Child scenario = Child.Start(TestProgram.Scenario, "comm", "signal", "exit");
        IReadOnlyList<DeathOfScenario> deaths = DeathOfScenario.Parse(scenario.Output.ReadToEnd());
        Assert.Equal(0, scenario.Wait().Status);
        Assert.InRange(deaths.Count, 50, int.MaxValue);

        // Ids come round within a second of a storm: another's child is no one of these.
        ILookup<(int, int), TableRow> rows = TableRow.ReadAll(trace.Stop()).ToLookup(row => (row.Id, row.ParentId));
        ILookup<(int, int), JsonElement> events = json.Stop().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)
            .ToLookup(exit => (exit.GetProperty("Id").GetInt32(), exit.GetProperty("ParentId").GetInt32()));
        foreach (DeathOfScenario death in deaths)
        {
            Assert.Equal(
                new TableRow(DisplayText.Escape(death.Name).TrimEnd(), death.Id, death.ParentId, death.Id, death.StatusText),
                Assert.Single(rows[(death.Id, death.ParentId)]));
            JsonElement exit = Assert.Single(events[(death.Id, death.ParentId)]);
            Assert.Equal((death.Name, death.StatusText), (exit.GetProperty("Name").GetString(), exit.GetProperty("Status").GetString()));
            Assert.Equal(death.Status & 0x7f, (int)Enum.Parse<Signal>(exit.GetProperty("Signal").GetString()!));
        }
    }

    [Fact]
    public void A_line_comes_when_the_process_dies_and_not_when_the_trace_ends()
    {
        using Command trace = ConsoleProgram.Trace("--exit-code", "77");
        using Child child = Child.Run("sh", "-c", "exit 77");
        trace.WaitForOutput(" code 77\n");
        Assert.False(trace.HasExited);
    }

    [Fact]
    public void Times_are_those_of_death_in_the_zone_of_TZ()
    {
        Need.Kernel();
        using Child child = Child.StartHeld("sh", "-c", "exit 76");
        using Command trace = Command.Start(
            ConsoleProgram.File, ["-v", "-t", "-p", child.Id.Text()], environment: new Dictionary<string, string?> { ["TZ"] = "IST-5:30" });
        trace.WaitForError("attached");
        DateTime before = DateTime.UtcNow;
        child.WriteLine();
        child.Wait();
        DateTime after = DateTime.UtcNow;
        string[] lines = trace.Wait().Lines;
        Assert.StartsWith("TIME-IST     PCOMM ", lines[0], StringComparison.Ordinal);
        TimeSpan time = TimeSpan.Parse(lines[1].AsSpan(0, 12), CultureInfo.InvariantCulture);
        TimeSpan first = before.AddHours(5.5).AddMilliseconds(-2).TimeOfDay, last = after.AddHours(5.5).AddMilliseconds(2).TimeOfDay;
        Assert.True(first <= last ? time >= first && time <= last : time >= first || time <= last, $"{first} {time} {last}");
    }

    [Fact]
    public void A_tree_of_processes_is_followed_to_its_end()
    {
        // The orphan outlives the process that was asked for, and reads on from its input.
        using Child child = Child.StartHeld("sh", "-c", "exec 3<&0; (read go <&3; exit 63) & sh -c 'exit 64'; exit 65");
        using Command trace = ConsoleProgram.Trace("-x", "-p", child.Id.Text(), "--include-children");
        child.WriteLine();
        child.Wait();
        trace.WaitForOutput(" code 65\n");
        Assert.False(trace.HasExited);
        child.WriteLine();
        CommandResult result = trace.Wait();
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(["64", "65", "63"], result.Lines.Skip(1).Select(row => row.Split("code ")[1]));
    }

    [Theory]
    [InlineData("null-deref", "signal 11 (SEGV)", "segfault (MAPERR) at 0x0")]
    [InlineData("abort", "signal 6 (ABRT)", "aborted")]
    public void Why_names_the_reason_and_the_command(string mode, string status, string reason)
    {
        using Child child = Child.StartHeld("sh", "-c", $"ulimit -c 0; exec {TestProgram.Victim} {mode}");
        using Command trace = ConsoleProgram.Trace("--why", "-p", child.Id.Text());
        child.WriteLine();
        child.Wait();
        string row = trace.Wait().Lines[1];
        Assert.Contains(status, row, StringComparison.Ordinal);
        Assert.Contains(" " + reason, row, StringComparison.Ordinal);
        Assert.EndsWith("victim " + mode, row, StringComparison.Ordinal);
    }

    [Fact]
    public void Why_names_the_killer()
    {
        using Child victim = Child.Start("sleep", "100");
        using Command trace = ConsoleProgram.Trace("--why", "-p", victim.Id.Text());
        using Child killer = Child.Run("sh", "-c", $"kill -KILL {victim.Id}");
        victim.Wait();
        Assert.Matches($"signal 9 \\(KILL\\) +killed by sh \\({killer.Id}\\) +sleep 100$", trace.Wait().Output.TrimEnd());
    }
}
