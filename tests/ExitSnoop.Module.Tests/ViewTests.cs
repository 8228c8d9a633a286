namespace ExitSnoop.ModuleTests;

/// <summary>The other views, and what is kept when objects are serialized.</summary>
public sealed class ViewTests
{
    [Fact]
    public void Why_shows_who_or_what_killed()
    {
        string[] lines = Lines("$all | Format-Table -View Why | Out-String -Stream -Width 200");

        Assert.Equal("TIME     NAME        ID      STATUS    REASON                           COMMAND", lines[0]);
        string own = Proc.CommOf(Environment.ProcessId)!;
        Assert.Matches($@"^\d\d:\d\d:\d\d victim      {Deaths.Killed.Id,-7} KILL      {Regex.Escape($"killed by {own} ({Environment.ProcessId})")} +\S*/victim -w sleep 60$", lines[2]);
        Assert.Matches($@"^\d\d:\d\d:\d\d victim      {Deaths.Crashed.Id,-7} SEGV( core)? +segfault \(MAPERR\) at 0x1234.* +\S*/victim -w fault 0x1234$", lines[3]);
        Assert.Equal(4, lines.Length);
    }

    [Fact]
    public void Resources_shows_what_was_used()
    {
        string[] lines = Lines("$all | Format-Table -View Resources | Out-String -Stream -Width 200");

        Assert.Equal("TIME     NAME         ID      STATUS    AGE(s) CPU(s) PEAK     READ     WRITTEN", lines[0]);
        Assert.Matches($@"^\d\d:\d\d:\d\d victim       {Deaths.Killed.Id,-7} KILL +\d+\.\d\d +\d+\.\d\d +\d+(\.\d)? [KM]iB +\d+(\.\d)? [KMG]?i?B +\d+(\.\d)? [KMG]?i?B$", lines[2]);
    }

    [Theory]
    [InlineData("Why", "COMMAND")]
    [InlineData("Resources", "WRITTEN")]
    public void Every_view_has_its_headers_on_one_line_of_80_columns(string view, string last)
    {
        string[] lines = Lines($"$all | Format-Table -View {view} | Out-String -Stream -Width 80");
        Assert.EndsWith(last, lines[0], StringComparison.Ordinal);
        Assert.StartsWith("----", lines[1], StringComparison.Ordinal);
        Assert.Equal(4, lines.Length);
    }

    [Fact]
    public void Format_List_shows_every_property()
    {
        string[] lines = Lines("$all[0] | Format-List | Out-String -Stream -Width 300");
        Dictionary<string, string> shown = lines.Select(line => line.Split(" : ", 2)).Where(pair => pair.Length == 2)
            .GroupBy(pair => pair[0].Trim()).ToDictionary(group => group.Key, group => group.Last()[1].Trim());

        Assert.Subset(shown.Keys.ToHashSet(), typeof(ExitEvent).GetProperties().Select(property => property.Name).ToHashSet());
        Assert.Equal(Deaths.Killed.Id.Text(), shown["Id"]);
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
        using Victim victim = Victim.Start("fault", "0x1234");
        using TestFolder folder = new();
        using RunningScript watch = Shell.Shared.StartWatch($$"""
            $exit = Watch-ProcessExit $id {{parameters}}
            $exit | Export-Clixml $file
            $back = Import-Clixml $file
            foreach ($view in @{}, @{ View = 'Why' }, @{ View = 'Resources' }) {
                ($exit | Format-Table @view | Out-String -Width 200) -eq ($back | Format-Table @view | Out-String -Width 200)
            }
            ($exit | Format-List | Out-String -Width 200) -eq ($back | Format-List | Out-String -Width 200)
            $back.PSTypeNames[0] -like 'Deserialized.ExitSnoop.ExitEvent*'
            """, ("id", victim.Id), ("file", folder.Path("exit.xml")));
        victim.Die();
        Assert.Equal([true, true, true, true, true], watch.Wait().Output);
    }

    [Fact]
    public void The_table_is_the_default_ProcessName_is_an_alias_and_a_text_says_who_and_how() => Assert.Equal(
        ["True", "True", "victim", $"victim ({Deaths.Killed.Id}): signal 9 (KILL)"],
        Lines("""
            ($all | Out-String) -eq ($all | Format-Table | Out-String)
            $all[0].ProcessName -eq $all[0].Name
            ($all[0] | Select-Object ProcessName, Id).ProcessName
            "$($all[0])"
            """));

    [Fact]
    public void Two_watches_with_other_columns_in_one_shell_do_not_disturb_each_other()
    {
        using Victim first = Victim.Start("exit", "1"), second = Victim.Start("exit", "2");
        using RunningScript watch = Shell.Shared.StartWatch(
            "$first = Watch-ProcessExit $ids[0] -Utc; $second = Watch-ProcessExit $ids[1] -Label here; $first | Out-String -Stream -Width 120; $second | Out-String -Stream -Width 120",
            ("ids", new[] { first.Id, second.Id }));
        first.Die();
        watch.WaitUntilAttached(2);
        second.Die();
        string[] lines = [.. watch.Wait().Lines.Where(line => line.Length > 0)];
        Assert.StartsWith("TIME-UTC     PCOMM", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("LABEL PCOMM", lines[3], StringComparison.Ordinal);
    }

    private static string[] Lines(string script) => [.. Deaths.Run(script).Lines.Where(line => line.Length > 0)];
}
