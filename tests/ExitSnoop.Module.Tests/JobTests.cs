namespace ExitSnoop.ModuleTests;

/// <summary>Several watches at once, in runspaces, threads and jobs.</summary>
public sealed class JobTests
{
    [Fact]
    public void A_job_brings_events_back_with_their_views()
    {
        using Victim victim = Victim.Start("null-deref");
        // An ampersand starts a job, as Start-Job does; it finds the module as an installed one is found.
        using Command shell = Pwsh.Start($$"""
            $job = Watch-ProcessExit {{victim.Id}} -Utc -Label far -Verbose &
            while (-not $job.ChildJobs[0].Verbose) { Start-Sleep -Milliseconds 20 }
            'attached'
            $exit = Receive-Job $job -Wait -AutoRemoveJob 4>$null
            $exit.PSTypeNames -like '*ExitSnoop.ExitEvent' -join ','
            $exit | Out-String -Stream -Width 120
            $exit | Format-Table -View Why | Out-String -Stream -Width 160
            foreach ($signal in 'SEGV', 11, 'TERM') { "${signal}: $(@($exit | Where-Object Signal -eq $signal).Count)" }
            """, null, ("PSModulePath", Paths.Out));
        shell.WaitForOutput("attached");
        victim.Die();
        CommandResult result = shell.Wait();
        string[] lines = result.Lines;

        Assert.Equal("", result.Error);
        Assert.Contains("Deserialized.ExitSnoop.ExitEvent", lines);
        Assert.Contains(lines, line => line.TrimEnd() == "TIME-UTC     LABEL PCOMM            PID     PPID    TID     AGE(s)  EXIT_CODE");
        Assert.Contains(lines, line => line.Contains($" far   victim           {victim.Id} ", StringComparison.Ordinal) && line.Contains(" signal 11 (SEGV)", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("segfault (MAPE", StringComparison.Ordinal));
        Assert.Equal(["SEGV: 1", "11: 1", "TERM: 0"], lines[^3..]);
    }

    [Fact]
    public void Removing_the_module_does_not_disturb_a_watch_in_another_runspace()
    {
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
