using ExitSnoop.ModuleTests.Engine;
using ExitSnoop.ModuleTests.Support;
using Xunit;

namespace ExitSnoop.ModuleTests;

/// <summary>Several watches at once, in runspaces, threads and jobs.</summary>
public sealed class JobTests
{
    [Fact]
    public void Two_watches_at_once_each_see_everything()
    {
        Need.Kernel();
        using Storm storm = Storm.Prepare("--kind", "fork", "--count", "2000", "--comm", "seen-by-both");
        using Shell one = Shell.Open(), two = Shell.Open();
        using RunningScript first = one.StartWatch("Watch-ProcessExit $id -IncludeChildren", ("id", storm.Id));
        using RunningScript second = two.StartWatch("Watch-ProcessExit $id -IncludeChildren -Basic -Utc", ("id", storm.Id));
        storm.Release();
        int deaths = storm.Wait();

        IEnumerable<(int, string)> Seen(RunningScript watch) => watch.Wait().Events.Select(exit => (exit.Id, exit.Status)).Order();
        Assert.Equal(deaths, first.Wait().Events.Count);
        Assert.Equal(Seen(first), Seen(second));
    }

    [Fact]
    public void Start_Job_brings_events_back_with_their_views()
    {
        Need.Kernel();
        using Victim victim = Victim.Start("null-deref");
        using Command shell = Pwsh.Start($$"""
            $job = Start-Job { Import-Module '{{Paths.Module}}'; Watch-ProcessExit $using:id -Utc -Label far -Verbose } -ArgumentList 1
            """.Replace("$using:id", victim.Id.Text(), StringComparison.Ordinal) + """

            while (-not $job.ChildJobs[0].Verbose) { Start-Sleep -Milliseconds 20 }
            'attached'
            $exit = Receive-Job $job -Wait -AutoRemoveJob
            $exit.PSTypeNames -like '*ExitSnoop.ExitEvent' -join ','
            $exit | Out-String -Stream -Width 120
            $exit | Format-Table -View Why | Out-String -Stream -Width 160
            foreach ($signal in 'SEGV', 11, 'TERM') { "${signal}: $(@($exit | Where-Object Signal -eq $signal).Count)" }
            """);
        shell.WaitForOutput("attached");
        victim.Die();
        string[] lines = shell.Wait().Lines;

        Assert.Contains("Deserialized.ExitSnoop.ExitEvent", lines);
        Assert.Contains(lines, line => line.TrimEnd() == "TIME-UTC     LABEL PCOMM            PID     PPID    TID     AGE(s)  EXIT_CODE");
        Assert.Contains(lines, line => line.Contains($" far   victim           {victim.Id} ", StringComparison.Ordinal) && line.Contains(" signal 11 (SEGV)", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("segfault (MAPE", StringComparison.Ordinal));
        Assert.Equal(["SEGV: 1", "11: 1", "TERM: 0"], lines[^3..]);
    }

    [Fact]
    public void An_ampersand_brings_events_back_with_their_views()
    {
        Need.Kernel();
        using Victim victim = Victim.Start("exit", "8");
        // Such a job finds the module as an installed one is found.
        using Command shell = Pwsh.Start($$"""
            $job = Watch-ProcessExit {{victim.Id}} -Utc -Verbose &
            while (-not $job.ChildJobs[0].Verbose) { Start-Sleep -Milliseconds 20 }
            'attached'
            Receive-Job $job -Wait -AutoRemoveJob 4>$null | Out-String -Stream -Width 120
            """, null, ("PSModulePath", Paths.Out));
        shell.WaitForOutput("attached");
        victim.Die();
        CommandResult result = shell.Wait();

        Assert.Equal("", result.Error);
        Assert.Contains("TIME-UTC     PCOMM            PID     PPID    TID     AGE(s)  EXIT_CODE", result.Lines.Select(line => line.TrimEnd()));
        Assert.Matches($@"^\d\d:\d\d:\d\d\.\d\d\d victim           {victim.Id} .* code 8$", result.Lines[^1].TrimEnd());
    }

    [Fact]
    public void Removing_the_module_does_not_disturb_a_watch_in_another_runspace()
    {
        Need.Kernel();
        using Shell one = Shell.Open(), two = Shell.Open();
        using Victim victim = Victim.Start("exit", "6"), next = Victim.Start("exit", "7");
        using RunningScript watch = one.StartWatch("Watch-ProcessExit $ids", ("ids", new[] { victim.Id, next.Id }));
        ShellResult removed = two.Run($"Remove-Module ExitSnoop; Get-Module ExitSnoop; Import-Module '{Paths.Module}' -Force; (Get-Module ExitSnoop).Name");
        victim.Die();
        watch.WaitForOutput(1);
        two.Run("Remove-Module ExitSnoop");
        next.Die();

        Assert.Equal(["ExitSnoop"], removed.Output);
        Assert.Equal([6, 7], watch.Wait().Events.Select(exit => exit.ExitCode));
        Assert.Empty(watch.Now.Errors);
    }

    [Fact]
    public void Removing_the_module_from_within_its_own_pipeline_does_not_disturb_it()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Victim first = Victim.Start("exit", "1"), second = Victim.Start("exit", "2");
        using RunningScript watch = shell.StartWatch(
            "Watch-ProcessExit $ids -Timestamp | ForEach-Object { Remove-Module ExitSnoop -ErrorAction Ignore; $_ }", ("ids", new[] { first.Id, second.Id }));
        first.Die();
        watch.WaitForOutput(1);
        second.Die();
        Assert.Equal([1, 2], watch.Wait().Events.Select(exit => exit.ExitCode));
    }
}
