namespace ExitSnoop.ModuleTests;

/// <summary>Measure-ProcessExit: sums of groups.</summary>
public sealed class MeasureTests
{
    // Of 100 events of two names, every tenth has failed and every twentieth has crashed; number n lived n seconds and used n ms.
    private const string Events = """
        $events = foreach ($n in 1..100) {
            $crash = $n % 20 -eq 0
            [ExitSnoop.ExitEvent]::FromJson((@{
                Name = $n % 4 ? 'often' : 'seldom'; Id = $n; ExitTime = "2026-11-22T13:$([math]::Floor($n / 60).ToString('00')):$(($n % 60).ToString('00'))Z"
                Age = $n; ExitCode = $crash ? 139 : $n % 10 ? 0 : 1; Signal = $crash ? 'SEGV' : 'None'; UserId = 0; UserName = 'root'
                WorkingDirectory = '/'; TotalProcessorTime = $n / 1000; UserProcessorTime = $n / 1000; PrivilegedProcessorTime = 0; PeakWorkingSet64 = $n * 4096
            } | ConvertTo-Json))
        }

        """;

    [Theory]
    [InlineData("$events | Measure-ProcessExit", "'' 100 10 5 60.6 5.05 409600")]
    [InlineData("$events | Measure-ProcessExit Name", "'often' 75 5 0 45.5 3.75 405504; 'seldom' 25 5 5 15.2 1.3 409600")]
    [InlineData("$events | Measure-ProcessExit processname -First 1", "'often' 75 5 0 45.5 3.75 405504")]
    [InlineData("$events | Measure-ProcessExit Name, UserName -First 1", "'often, root' 75 5 0 45.5 3.75 405504")]
    [InlineData("[System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($events)) | Measure-ProcessExit ProcessName -First 1", "'often' 75 5 0 45.5 3.75 405504")]
    [InlineData("@() | Measure-ProcessExit Name", "")]
    public void Exits_are_counted_and_added_up_by_group_the_largest_first(string script, string expected)
    {
        ShellResult result = Shell.Shared.Run(Events + $$"""
            @({{script}} | ForEach-Object { "'$($_.Name)' $($_.Count) $($_.Failed) $($_.Crashed) $([math]::Round($_.PerMinute, 1)) $($_.TotalProcessorTime.TotalSeconds) $($_.PeakWorkingSet64)" }) -join '; '
            """);
        Assert.Empty(result.Errors);
        Assert.Equal([expected], result.Output);
    }

    [Fact]
    public void Percentiles_of_the_age_are_right_to_4_percent_and_the_table_shows_mebibytes()
    {
        ShellResult result = Shell.Shared.Run(Events + "$all = $events | Measure-ProcessExit; $all.MedianAge.TotalSeconds; $all.Age95.TotalSeconds; $all | Out-String -Width 120");
        Assert.InRange((double)result.Output[0]!, 50 * 0.96, 50 * 1.04);
        Assert.EndsWith(" 0.4 MiB", $"{result.Output[2]}".TrimEnd(), StringComparison.Ordinal);
        Assert.InRange((double)result.Output[1]!, 95 * 0.96, 95 * 1.04);
    }

    [Theory]
    [InlineData("Get-Item / | Measure-ProcessExit", "NotAnEvent", "System.IO.DirectoryInfo is not the exit of a process. Pipe in events of Watch-ProcessExit")]
    [InlineData("$events[0] | ConvertTo-Csv | ConvertFrom-Csv | Measure-ProcessExit", "NotAnEvent", "texts, as after Import-Csv. Keep events as JSON (ForEach-Object ToJson)")]
    [InlineData("@() | Measure-ProcessExit NoSuch", "PropertyNotFound", "Get-ProcessExitEventDefinition lists them")]
    public void What_cannot_be_measured_is_an_error_that_says_what_to_do(string script, string id, string message)
    {
        ShellError error = Shell.Shared.Run(Events + script).OnlyError;
        Assert.Equal(id, error.ShortId);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_exits_of_too_many_groups_are_counted_together()
    {
        ShellResult result = Shell.Shared.Run("""
            $line = '{"Name":"sh","Id":NUMBER,"ExitTime":"2026-11-22T13:42:00Z","Age":1}'
            $groups = 1..10005 | ForEach-Object { [ExitSnoop.ExitEvent]::FromJson($line.Replace('NUMBER', $_)) } | Measure-ProcessExit Id
            $groups.Count; "$($groups[0].Name) $($groups[0].Count)"
            """);
        Assert.Equal([10001, "(others) 5"], result.Output);
        Assert.Single(result.Warnings);
    }
}
