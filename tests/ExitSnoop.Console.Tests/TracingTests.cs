using System.Text.Json;

namespace ExitSnoop.Cli.Tests;

/// <summary>
/// What the program prints for real exits. The tests of the library check that they are reported correctly, and
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

        // IDs are reused within a second of a storm, so the child of another process is not counted.
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
        using Child child = Child.StartHeld("sh", "-c", "exit 76");
        using Command trace = ConsoleProgram.Trace(new Dictionary<string, string?> { ["TZ"] = "IST-5:30" }, "-t", "-p", child.Id.Text());
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
    public void Why_names_the_reason_and_the_command()
    {
        using Child child = Child.StartHeld("sh", "-c", $"ulimit -c 0; exec {TestProgram.Victim} null-deref");
        using Command trace = ConsoleProgram.Trace("--why", "-p", child.Id.Text());
        child.WriteLine();
        child.Wait();
        string row = trace.Wait().Lines[1];
        Assert.Contains("signal 11 (SEGV)", row, StringComparison.Ordinal);
        Assert.Contains(" segfault (MAPERR) at 0x0", row, StringComparison.Ordinal);
        Assert.EndsWith("victim null-deref", row, StringComparison.Ordinal);
    }
}
