namespace ExitSnoop.ModuleTests;

/// <summary>Export-Csv as it is typed, without a workaround.</summary>
public sealed class CsvTests
{
    [Fact]
    public void Times_keep_their_milliseconds_in_any_culture_and_arguments_are_the_command_line()
    {
        using Shell shell = Shell.Open();
        using TestFolder folder = new();
        using Victim victim = Victim.Start("exit", "5", "a b");
        using RunningScript watch = shell.StartWatch("""
            $exit = Watch-ProcessExit $id -Utc
            foreach ($culture in 'en-US', 'de-DE', 'fr-FR', 'ar-SA', 'th-TH') {
                [cultureinfo]::CurrentCulture = $culture
                foreach ($one in $exit, $local) {
                    $one | Export-Csv $file
                    $back = Import-Csv $file
                    foreach ($time in 'ExitTime', 'StartTime') { $one.$time; [datetime]$back.$time; $back.$time }
                }
            }
            ($exit | ConvertTo-Csv | ConvertFrom-Csv).Arguments -eq $exit.CommandLine
            $exit.Arguments[-1]; $exit.Arguments[0] -eq $exit.Arguments[-5]; $exit.Arguments.Count; $exit.Arguments -contains 'a b'; $exit.Arguments -join '|'
            """, ("id", victim.Id), ("local", Deaths.Crashed), ("file", folder.Path("exit.csv")));
        victim.Die();

        ShellResult result = watch.Wait();
        Assert.Empty(result.Errors);
        for (int i = 0; i < 60; i += 3)
        {
            DateTime real = (DateTime)result.Output[i]!, back = (DateTime)result.Output[i + 1]!;
            Assert.InRange((real - back).TotalMilliseconds, 0, 1);
            Assert.Equal(back.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture), result.Output[i + 2]);
        }
        Assert.Equal([true, "a b", true, 5, true, $"{TestProgram.Victim}|-w|exit|5|a b"], result.Output.Skip(60));
    }

    [Fact]
    public void A_time_is_a_DateTime_to_everything_else() => Assert.Equal(
        [true, "DateTime", true, true, true, true, true, 0, true, Deaths.Crashed.Id, 1, true],
        Deaths.Run("""
            $time = $exit.ExitTime
            $time -is [datetime]; $time.GetType().Name; $time -gt $exit.StartTime; ($time - $exit.StartTime) -eq $exit.Age
            "$time" -eq "$([datetime]::new($time.Ticks))"; $time.ToString('o') -eq [datetime]::new($time.Ticks, 'Local').ToString('o')
            ('{0:HH.mm}' -f $time) -eq $time.ToString('HH.mm'); [datetime]::Compare($time, $time); $time.AddHours(1) -gt $time
            ($exit | Sort-Object ExitTime).Id; ($exit | Group-Object { $_.ExitTime.Year }).Count; ($exit | Measure-Object ExitTime -Maximum).Maximum -eq $time
            """).Output);
}
