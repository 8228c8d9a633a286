using System.Globalization;
using ExitSnoop.ModuleTests.Engine;
using Xunit;

namespace ExitSnoop.ModuleTests;

/// <summary>Export-Csv as it is typed, without a workaround.</summary>
public sealed class CsvTests
{
    [Theory]
    [InlineData("en-US", "")]
    [InlineData("de-DE", "")]
    [InlineData("fr-FR", "-Utc")]
    [InlineData("ar-SA", "")]
    [InlineData("th-TH", "")]
    public void Times_keep_their_milliseconds_and_are_read_back_in_any_culture(string culture, string parameters)
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using TestFolder folder = new();
        using Victim victim = Victim.Start("exit", "5");
        using RunningScript watch = shell.StartWatch($$"""
            $exit = Watch-ProcessExit $id {{parameters}}
            [cultureinfo]::CurrentCulture = '{{culture}}'
            $exit | Export-Csv $file
            $back = Import-Csv $file
            $exit.ExitTime; [datetime]$back.ExitTime; $back.ExitTime
            $exit.StartTime; [datetime]$back.StartTime; $back.StartTime
            """, ("id", victim.Id), ("file", folder.Path("exit.csv")));
        victim.Die();

        ShellResult result = watch.Wait();
        Assert.Empty(result.Errors);
        for (int i = 0; i < 6; i += 3)
        {
            DateTime real = (DateTime)result.Output[i]!, back = (DateTime)result.Output[i + 1]!;
            Assert.InRange((real - back).TotalMilliseconds, 0, 1);
            Assert.Equal(back.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture), result.Output[i + 2]);
        }
    }

    [Fact]
    public void Arguments_are_the_command_line()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Victim victim = Victim.StartThrough("/bin/sh", ["-c", "exec \"$0\" \"$@\""], "exit", "5", "a b");
        using RunningScript watch = shell.StartWatch("""
            $exit = Watch-ProcessExit $id
            ($exit | ConvertTo-Csv | ConvertFrom-Csv).Arguments -eq $exit.CommandLine
            $exit.Arguments[-1]; $exit.Arguments[0] -eq $exit.Arguments[-5]; $exit.Arguments.Count; $exit.Arguments -contains 'a b'; $exit.Arguments -join '|'
            """, ("id", victim.Id));
        victim.Die();
        Assert.Equal([true, "a b", true, 5, true, $"{TestProgram.Victim}|-w|exit|5|a b"], watch.Wait().Output);
    }

    [Fact]
    public void A_time_is_a_DateTime_to_everything_else()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Victim victim = Victim.Start("exit", "5");
        using RunningScript watch = shell.StartWatch("""
            $exit = Watch-ProcessExit $id
            $time = $exit.ExitTime
            $time -is [datetime]; $time.GetType().Name; $time -gt $exit.StartTime; ($time - $exit.StartTime) -eq $exit.Age
            "$time" -eq "$([datetime]::new($time.Ticks))"; $time.ToString('o') -eq [datetime]::new($time.Ticks, 'Local').ToString('o')
            ('{0:HH.mm}' -f $time) -eq $time.ToString('HH.mm'); [datetime]::Compare($time, $time); $time.AddHours(1) -gt $time
            ($exit | Sort-Object ExitTime).Id; ($exit | Group-Object { $_.ExitTime.Year }).Count; ($exit | Measure-Object ExitTime -Maximum).Maximum -eq $time
            """, ("id", victim.Id));
        victim.Die();

        ShellResult result = watch.Wait();
        Assert.Empty(result.Errors);
        Assert.Equal([true, "DateTime", true, true, true, true, true, 0, true, victim.Id, 1, true], result.Output);
    }
}
