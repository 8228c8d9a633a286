using System.Diagnostics;

namespace ExitSnoop.ModuleTests;

/// <summary>Watch-ProcessExit -Id: by position, by alias, from the pipeline; and when it ends.</summary>
public sealed class IdTests
{
    // "victim-by-id" is what the process is called.
    [Theory]
    [InlineData("Watch-ProcessExit $id")]
    [InlineData("Watch-ProcessExit -Id $id")]
    [InlineData("Watch-ProcessExit -Pid $id")]
    [InlineData("exitsnoop -x -t -p $id")]
    [InlineData("Watch-ProcessExit \"$id\"")]
    [InlineData("Watch-ProcessExit \"$id $id\"")]
    [InlineData("$list = $id, $id; Watch-ProcessExit -Id $list")]
    [InlineData("Watch-ProcessExit -Id (Get-Process -Id $id), $id")]
    [InlineData("Watch-ProcessExit ([pscustomobject]@{ ProcessId = [uint32]$id; Id = 'as other classes have it' })")]
    [InlineData("$list = [System.Collections.Generic.List[object]](Get-Process -Id $id); Watch-ProcessExit $list")]
    [InlineData("Watch-ProcessExit -ParentId (Get-Process -Id $PID) -MaxEvents 1 -Id $id")]
    [InlineData("$id | Watch-ProcessExit")]
    [InlineData("\"$id\" | Watch-ProcessExit")]
    [InlineData("[long]$id, $id | Watch-ProcessExit")]
    [InlineData("\" $id `t$id \" | Watch-ProcessExit")]
    [InlineData("Set-Content $folder/ids.txt $id; Get-Content $folder/ids.txt | Watch-ProcessExit")]
    [InlineData("Set-Content $folder/ids.csv \"Name,Id`nvictim,$id\"; Import-Csv $folder/ids.csv | Watch-ProcessExit")]
    [InlineData("pgrep -x victim-by-id | Watch-ProcessExit")]
    [InlineData("pidof victim-by-id | Watch-ProcessExit")]
    [InlineData("Get-Process -Id $id | Watch-ProcessExit")]
    [InlineData("[pscustomobject]@{ ProcessId = [uint32]$id; Name = 'as CIM gives it' } | Watch-ProcessExit")]
    [InlineData("$id | Register-ProcessExitEvent -SourceIdentifier Piped; (Wait-Event Piped -Timeout 30).SourceEventArgs")]
    [InlineData("Register-ProcessExitEvent (Get-Process -Id $id) Given; (Wait-Event Given -Timeout 30).SourceEventArgs")]
    [InlineData("Register-ProcessExitEvent -Id ([pscustomobject]@{ ProcessId = [uint32]$id }), $id -SourceIdentifier Both; (Wait-Event Both -Timeout 30).SourceEventArgs")]
    public void Whatever_holds_an_id_is_taken_and_its_process_is_watched_until_it_exits(string script)
    {
        using TestFolder folder = new();
        using Victim victim = Victim.StartNamed(folder, "victim-by-id", "exit", "7"), other = Victim.Start("exit", "8");
        using RunningScript watch = Shell.Shared.StartWatch("$PSDefaultParameterValues = @{ '*-ProcessExit*:Basic' = $true }; try {" + script + "\n} finally { $PSDefaultParameterValues.Clear() }", ("id", victim.Id), ("folder", folder.FullName));
        Assert.Equal(8, other.Die());
        Assert.Equal(7, victim.Die());

        ShellResult result = watch.Wait();
        ExitEvent exit = Assert.Single(result.Events);
        Assert.Equal((victim.Id, "victim-by-id", 7, "code 7"), (exit.Id, exit.Name, exit.ExitCode, exit.Status));
        Assert.Empty(result.Errors);
        Assert.Null(result.Terminating);
    }

    [Fact]
    public void A_process_started_with_PassThru_is_watched_from_the_pipeline()
    {
        using TestFolder folder = new();
        using RunningScript watch = Shell.Shared.StartWatch($$"""
            $process = Start-Process sh '-c "until [ -e {{folder.Path("go")}} ]; do sleep 0.02; done; exit 5"' -PassThru
            $exit = $process | Watch-ProcessExit
            $process.Id; $exit
            """);
        folder.Write("go", "");
        ShellResult result = watch.Wait();

        ExitEvent exit = Assert.Single(result.Events);
        Assert.Equal((result.Output[0], 5), (exit.Id, exit.ExitCode));
    }

    [Fact]
    public void Several_processes_are_watched_until_the_last_has_exited()
    {
        using Victim first = Victim.Start("exit", "1"), second = Victim.Start("exit", "2"), third = Victim.Start("exit", "3");
        using RunningScript watch = Shell.Shared.StartWatch("Get-Process -Id $ids | Watch-ProcessExit", ("ids", new[] { first.Id, second.Id, third.Id }));

        second.Die();
        third.Die();
        watch.WaitForOutput(2);
        first.Die();

        ShellResult result = watch.Wait();
        Assert.Equal([second.Id, third.Id, first.Id], result.Events.Select(exit => exit.Id));
        Assert.Equal([2, 3, 1], result.Events.Select(exit => exit.ExitCode));
    }

    [Fact]
    public void An_empty_pipeline_ends_at_once_with_nothing()
    {
        using Shell shell = Shell.Open();
        shell.Run("$null = Get-Command Watch-ProcessExit");
        long start = Stopwatch.GetTimestamp();
        ShellResult result = shell.Run("Get-Process 'no process is called so*' | Watch-ProcessExit -Verbose; @() | Watch-ProcessExit");

        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 5);
        Assert.Empty(result.Output);
        Assert.Empty(result.Errors);
        Assert.Null(result.Terminating);
        // Nothing was even loaded.
        Assert.Empty(result.Verbose);
    }

    [Fact]
    public void An_id_that_no_process_has_is_an_error_and_the_others_go_on()
    {
        using Victim gone = Victim.Start("exit", "0");
        gone.Die();
        using Victim victim = Victim.Start("exit", "9");
        using RunningScript watch = Shell.Shared.StartWatch("Watch-ProcessExit $ids", ("ids", new[] { gone.Id, victim.Id }));
        Eventually.True(() => watch.Now.Errors.Count > 0, "There is no error.");
        Assert.True(watch.IsRunning);
        victim.Die();

        ShellResult result = watch.Wait();
        ShellError error = Assert.Single(result.Errors);
        Assert.Equal(("NoProcessFoundForGivenId", "ObjectNotFound"), (error.ShortId, error.Category));
        Assert.Equal(gone.Id, error.Target);
        Assert.Contains($"{gone.Id}", error.Message, StringComparison.Ordinal);
        Assert.Equal([victim.Id], result.Events.Select(exit => exit.Id));
    }

    [Fact]
    public void Only_ids_that_no_process_has_end_at_once_with_an_error_each()
    {
        Need.Kernel();
        ShellResult result = Shell.Shared.Run("Watch-ProcessExit 4194303, 4194302 -ErrorVariable kept; $kept.Count");

        Assert.Equal(["NoProcessFoundForGivenId", "NoProcessFoundForGivenId"], result.Errors.Select(error => error.ShortId));
        Assert.Equal([2], result.Output);
    }
}
