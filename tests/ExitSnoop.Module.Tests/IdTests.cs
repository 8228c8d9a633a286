using System.Diagnostics;
using ExitSnoop.ModuleTests.Engine;
using Xunit;

namespace ExitSnoop.ModuleTests;

/// <summary>Watch-ProcessExit -Id: by position, by alias, from the pipeline; and when it ends.</summary>
public sealed class IdTests
{
    [Theory]
    [InlineData("Watch-ProcessExit $id")]
    [InlineData("Watch-ProcessExit -Id $id")]
    [InlineData("Watch-ProcessExit -p $id")]
    [InlineData("Watch-ProcessExit -Pid $id")]
    [InlineData("exitsnoop -p $id")]
    [InlineData("exitsnoop $id")]
    [InlineData("Get-Process -Id $id | Watch-ProcessExit")]
    [InlineData("[pscustomobject]@{ Id = $id } | Watch-ProcessExit")]
    [InlineData("[pscustomobject]@{ ProcessId = [uint32]$id; Name = 'as CIM gives it' } | Watch-ProcessExit")]
    [InlineData("Watch-ProcessExit (Get-Process -Id $id)")]
    [InlineData("Watch-ProcessExit -Id (Get-Process -Id $id), $id")]
    [InlineData("Watch-ProcessExit ([pscustomobject]@{ ProcessId = [uint32]$id })")]
    [InlineData("Watch-ProcessExit ([pscustomobject]@{ ProcessId = [uint32]$id; Id = 'as other classes have it' })")]
    [InlineData("$list = [System.Collections.Generic.List[object]](Get-Process -Id $id); Watch-ProcessExit $list")]
    [InlineData("Watch-ProcessExit -ParentId (Get-Process -Id $PID) -MaxEvents 1 -Id $id")]
    [InlineData("Watch-ProcessExit \"$id\"")]
    [InlineData("$list = $id, $id; Watch-ProcessExit -Id $list")]
    public void The_process_asked_for_is_watched_until_it_exits(string script)
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Victim victim = Victim.Start("exit", "7");
        using Victim other = Victim.Start("exit", "8");
        using RunningScript watch = shell.StartWatch(script, ("id", victim.Id));

        Assert.Equal(8, other.Die());
        Assert.Equal(7, victim.Die());

        ShellResult result = watch.Wait();
        ExitEvent exit = Assert.Single(result.Events);
        Assert.Equal((victim.Id, "victim", 7, "code 7"), (exit.Id, exit.Name, exit.ExitCode, exit.Status));
        Assert.Empty(result.Errors);
        Assert.Null(result.Terminating);
    }

    [Fact]
    public void A_process_started_with_PassThru_is_watched_from_the_pipeline()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using TestFolder folder = new();
        using RunningScript watch = shell.StartWatch($$"""
            $process = Start-Process sh '-c "{{Held(folder)}}; exit 5"' -PassThru
            $exit = $process | Watch-ProcessExit
            $process.Id; $exit
            """);
        folder.Write("go", "");
        ShellResult result = watch.Wait();

        ExitEvent exit = Assert.Single(result.Events);
        Assert.Equal((result.Output[0], 5), (exit.Id, exit.ExitCode));
    }

    [Theory]
    [InlineData("Register-ProcessExitEvent (Get-Process -Id $id) Ends")]
    [InlineData("Get-Process -Id $id | Register-ProcessExitEvent -SourceIdentifier Ends")]
    [InlineData("[pscustomobject]@{ ProcessId = [uint32]$id } | Register-ProcessExitEvent -SourceIdentifier Ends")]
    [InlineData("Register-ProcessExitEvent -Id ([pscustomobject]@{ ProcessId = [uint32]$id }), $id -SourceIdentifier Ends")]
    public void A_subscription_takes_processes_as_a_watch_does(string script)
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Victim victim = Victim.Start("exit", "7");
        using RunningScript running = shell.StartWatch(script + "; (Wait-Event Ends -Timeout 30).SourceEventArgs", ("id", victim.Id));
        Assert.Equal(7, victim.Die());

        ShellResult result = running.Wait();
        ExitEvent exit = Assert.Single(result.Events);
        Assert.Equal((victim.Id, 7), (exit.Id, exit.ExitCode));
        Assert.Empty(result.Errors);
    }

    [Fact]
    public void Processes_started_with_PassThru_are_taken_as_an_argument()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using TestFolder folder = new();
        using RunningScript watch = shell.StartWatch($$"""
            $processes = 5, 6 | ForEach-Object { Start-Process sh "-c `"{{Held(folder)}}; exit $_`"" -PassThru }
            Watch-ProcessExit $processes
            """);
        folder.Write("go", "");
        ShellResult result = watch.Wait();
        Assert.Equal([5, 6], result.Events.Select(exit => exit.ExitCode).Order());
        Assert.Empty(result.Errors);
    }

    [Fact]
    public void Several_processes_are_watched_until_the_last_has_exited()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Victim first = Victim.Start("exit", "1");
        using Victim second = Victim.Start("exit", "2");
        using Victim third = Victim.Start("exit", "3");
        using RunningScript watch = shell.StartWatch("Get-Process -Id $ids | Watch-ProcessExit", ("ids", new[] { first.Id, second.Id, third.Id }));

        second.Die();
        third.Die();
        watch.WaitForOutput(2);
        Thread.Sleep(100);
        Assert.True(watch.IsRunning);
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
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Victim gone = Victim.Start("exit", "0");
        gone.Die();
        using Victim victim = Victim.Start("exit", "9");
        using RunningScript watch = shell.StartWatch("Watch-ProcessExit $ids", ("ids", new[] { gone.Id, victim.Id }));
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
        using Shell shell = Shell.Open();
        ShellResult result = shell.Run("Watch-ProcessExit 4194303, 4194302 -ErrorVariable kept; $kept.Count");

        Assert.Equal(["NoProcessFoundForGivenId", "NoProcessFoundForGivenId"], result.Errors.Select(error => error.ShortId));
        Assert.Equal([2], result.Output);
    }

    [Fact]
    public void ErrorAction_Stop_makes_a_missing_id_end_the_pipeline()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Victim victim = Victim.Start("exit", "0");
        ShellResult result = shell.Run("Watch-ProcessExit 4194303, $id -ErrorAction Stop", ("id", victim.Id));

        Assert.Equal("NoProcessFoundForGivenId", result.Terminating?.ShortId);
        Assert.Empty(result.Events);
    }

    [Theory]
    [InlineData("-x")]
    [InlineData("-PerThread -Failed")]
    public void An_id_that_the_filter_leaves_out_still_ends_the_watch(string filter)
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Victim victim = Victim.Start("exit", "0");
        using RunningScript watch = shell.StartWatch($"Watch-ProcessExit $id {filter}", ("id", victim.Id));
        victim.Die();

        ShellResult result = watch.Wait();
        Assert.Empty(result.Output);
        Assert.Empty(result.Errors);
    }

    [Fact]
    public void A_kill_is_told_as_waitpid_tells_it()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Victim victim = Victim.Start("sleep", "60");
        using RunningScript watch = shell.StartWatch("Watch-ProcessExit $id", ("id", victim.Id));
        victim.Signal(Command.SigKill);

        Assert.Equal(137, victim.Wait());
        ExitEvent exit = Assert.Single(watch.Wait().Events);
        Assert.Equal((137, Signal.KILL, true, "signal 9 (KILL)"), (exit.ExitCode, exit.Signal, exit.Failed, exit.Status));
        Assert.Equal(Environment.ProcessId, exit.SenderId);
    }

    [Fact]
    public void The_original_s_options_work_one_by_one()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Victim victim = Victim.Start("exit", "3");
        using RunningScript watch = shell.StartWatch("exitsnoop -x -t -p $id | ForEach-Object { $_; $_.PSTypeNames[0] }", ("id", victim.Id));
        victim.Die();

        ShellResult result = watch.Wait();
        Assert.Equal(3, Assert.Single(result.Events).ExitCode);
        Assert.StartsWith("ExitSnoop.ExitEvent#Time", Assert.IsType<string>(result.Output[1]), StringComparison.Ordinal);
    }

    [Fact]
    public void Descendants_are_watched_to_the_last_orphan()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Victim tree = Victim.Start("tree", "2", "3", "200");
        using RunningScript watch = shell.StartWatch("Watch-ProcessExit $id -IncludeChildren", ("id", tree.Id));
        tree.Die();

        ShellResult result = watch.Wait();
        // pid, ppid, depth, status of each node; the first line is the victim's id.
        int[][] nodes = [.. tree.Process.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1)
            .Select(line => line.Split('\t').Select(int.Parse).ToArray())];
        Assert.Equal(13, nodes.Length);
        Assert.Equal(
            nodes.Select(node => (node[0], node[3])).Order(),
            result.Events.Select(exit => (exit.Id, exit.ExitCode)).Order());
    }

    [Fact]
    public void Children_are_those_of_processes_asked_for()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        ShellError error = shell.Run("Watch-ProcessExit -IncludeChildren -Timeout 5").OnlyError;
        Assert.Equal(("InvalidOption", "InvalidArgument"), (error.ShortId, error.Category));
    }

    // What holds a process until the watch has attached.
    private static string Held(TestFolder folder) => $"until [ -e {folder.Path("go")} ]; do sleep 0.02; done";
}
