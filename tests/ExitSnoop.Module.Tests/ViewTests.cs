using System.Text.RegularExpressions;
using ExitSnoop.ModuleTests.Engine;
using Xunit;

namespace ExitSnoop.ModuleTests;

/// <summary>The other views, and what survives when objects travel.</summary>
public sealed class ViewTests
{
    // Two deaths with all that a view can show: a kill by us, and a fault.
    private const string Watch = "$all = @(Watch-ProcessExit $ids | Sort-Object ExitCode); ";

    [Fact]
    public void Why_shows_who_or_what_killed()
    {
        Need.Kernel();
        string[] lines = Run(Watch + "$all | Format-Table -View Why | Out-String -Stream -Width 200", out int killed, out int crashed);

        Assert.Equal("TIME     NAME        ID      STATUS    REASON                   COMMAND", lines[0]);
        string own = File.ReadAllText("/proc/self/comm").Trim();
        Assert.Matches($@"^\d\d:\d\d:\d\d victim      {killed,-7} KILL      {Regex.Escape($"killed by {own} ({Environment.ProcessId})"[..23])}\S* +\S*/victim -w sleep 60$", lines[2]);
        Assert.Matches($@"^\d\d:\d\d:\d\d victim      {crashed,-7} SEGV( core)? +segfault \(MAPE.* +\S*/victim -w fault 0x1234$", lines[3]);
        Assert.Equal(4, lines.Length);
    }

    [Fact]
    public void Resources_shows_what_was_used()
    {
        Need.Kernel();
        string[] lines = Run(Watch + "$all | Format-Table -View Resources | Out-String -Stream -Width 200", out int killed, out _);

        Assert.Equal("TIME     NAME         ID      STATUS    AGE(s) CPU(s) PEAK     READ     WRITTEN", lines[0]);
        Assert.Matches($@"^\d\d:\d\d:\d\d victim       {killed,-7} KILL +\d+\.\d\d +\d+\.\d\d +\d+(\.\d)? [KM]iB +\d+(\.\d)? [KMG]?i?B +\d+(\.\d)? [KMG]?i?B$", lines[2]);
    }

    [Theory]
    [InlineData("Why", "COMMAND")]
    [InlineData("Resources", "WRITTEN")]
    public void Every_view_has_its_headers_on_one_line_of_80_columns(string view, string last)
    {
        Need.Kernel();
        string[] lines = Run(Watch + $"$all | Format-Table -View {view} | Out-String -Stream -Width 80", out _, out _);
        Assert.EndsWith(last, lines[0], StringComparison.Ordinal);
        Assert.StartsWith("----", lines[1], StringComparison.Ordinal);
        Assert.Equal(4, lines.Length);
    }

    [Fact]
    public void Format_List_shows_every_property()
    {
        Need.Kernel();
        string[] lines = Run(Watch + "$all[0] | Format-List | Out-String -Stream -Width 300", out int killed, out _);
        Dictionary<string, string> shown = lines.Select(line => line.Split(" : ", 2)).Where(pair => pair.Length == 2)
            .GroupBy(pair => pair[0].Trim()).ToDictionary(group => group.Key, group => group.Last()[1].Trim());

        foreach (System.Reflection.PropertyInfo property in typeof(ExitEvent).GetProperties())
            Assert.Contains(property.Name, shown.Keys);
        Assert.Equal(killed.Text(), shown["Id"]);
        Assert.Equal("signal 9 (KILL)", shown["Status"]);
        Assert.Equal("KILL", shown["Signal"]);
        Assert.Equal(Environment.ProcessId.Text(), shown["SenderId"]);
        // The headings under which they stand.
        foreach (string heading in new[] { "Process", "Time", "Status", "Why", "Command", "Identity", "Resources", "Container" })
            Assert.Contains(lines, line => line.StartsWith($"-- {heading} --", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-Utc -Label here")]
    [InlineData("-Timestamp")]
    public void Objects_that_were_saved_show_as_those_that_were_not(string parameters)
    {
        Need.Kernel();
        using TestFolder folder = new();
        string[] lines = Run($$"""
            $all = @(Watch-ProcessExit $ids {{parameters}} | Sort-Object ExitCode)
            $all | Export-Clixml '{{folder.Path("all.xml")}}'
            $back = Import-Clixml '{{folder.Path("all.xml")}}'
            foreach ($view in @{}, @{ View = 'Why' }, @{ View = 'Resources' }) {
                ($all | Format-Table @view | Out-String -Width 200) -eq ($back | Format-Table @view | Out-String -Width 200)
            }
            ($all | Format-List | Out-String -Width 200) -eq ($back | Format-List | Out-String -Width 200)
            $back[0].PSTypeNames[0] -like 'Deserialized.ExitSnoop.ExitEvent*'
            """, out _, out _);
        Assert.Equal(["True", "True", "True", "True", "True"], lines);
    }

    [Fact]
    public void The_table_is_the_default_and_ProcessName_is_an_alias()
    {
        Need.Kernel();
        string[] lines = Run(Watch + """
            ($all | Out-String) -eq ($all | Format-Table | Out-String)
            $all[0].ProcessName -eq $all[0].Name
            ($all[0] | Select-Object ProcessName, Id).ProcessName
            """, out _, out _);
        Assert.Equal(["True", "True", "victim"], lines);
    }

    [Fact]
    public void An_event_as_a_text_says_who_and_how()
    {
        Need.Kernel();
        string[] lines = Run(Watch + "\"$($all[0])\"", out int killed, out _);
        Assert.Contains("victim", lines[0], StringComparison.Ordinal);
        Assert.Contains(killed.Text(), lines[0], StringComparison.Ordinal);
        Assert.Contains("signal 9 (KILL)", lines[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Two_watches_with_other_columns_in_one_shell_do_not_disturb_each_other()
    {
        Need.Kernel();
        string[] lines = Run("""
            $first = Watch-ProcessExit $ids -Utc -MaxEvents 1
            $second = Watch-ProcessExit $ids[1] -Label here
            $first | Out-String -Stream -Width 120; $second | Out-String -Stream -Width 120
            """, out _, out _);
        Assert.StartsWith("TIME-UTC     PCOMM", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("LABEL PCOMM", lines[3], StringComparison.Ordinal);
    }

    /// <summary>Watches one process that we kill, and then one that crashes at 0x1234. The lines that come out.</summary>
    private static string[] Run(string script, out int killed, out int crashed)
    {
        using Shell shell = Shell.Open();
        using Victim kill = Victim.Start("sleep", "60"), crash = Victim.Start("fault", "0x1234");
        (killed, crashed) = (kill.Id, crash.Id);
        using RunningScript watch = shell.StartWatch(script, ("ids", new[] { kill.Id, crash.Id }));
        kill.Signal(Command.SigKill);
        Assert.Equal(137, kill.Wait());
        if (script.Contains("MaxEvents 1", StringComparison.Ordinal))
            watch.WaitUntilAttached(2);
        Assert.Equal(139, crash.Die());

        ShellResult result = watch.Wait();
        Assert.Null(result.Terminating);
        Assert.Empty(result.Errors);
        return [.. result.Lines.Where(line => line.Length > 0)];
    }
}
