using System.Diagnostics;

namespace ExitSnoop.ModuleTests;

/// <summary>
/// Whatever ends a watch, its BPF programs are gone from the kernel within 100 ms after the signal.
/// </summary>
public sealed class EndingTests
{
    // The filter selects a user without processes, so there are no events.
    private const string Quiet = "Watch-ProcessExit -User 64099 -Basic";

    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan GiveUp = TimeSpan.FromSeconds(8);

    // What can block a pipeline: a cmdlet that can be stopped, and code that cannot.
    private const string Sleeping = "ForEach-Object { Start-Sleep 5 }";
    private const string Deaf = "ForEach-Object { [Threading.Thread]::Sleep(600) }";

    [Fact]
    [Trait("measures", "time")]
    public void Ctrl_C_ends_a_watch_under_load() => InTime(() =>
    {
        using Storm storm = Storm.Prepare("--seconds", "10", "--rate", "3000");
        using Command shell = Pwsh.StartWatch($"Watch-ProcessExit {storm.Id} -IncludeChildren | ForEach-Object {{ if (++$n -eq 500) {{ 'busy' }} }}");
        storm.Release();
        shell.WaitForOutput("busy");
        TimeSpan time = Measure(BpfPrograms.Of(shell.Id), () => shell.Signal(Command.SigInt));
        shell.Wait();
        return time;
    });

    [Fact]
    [Trait("measures", "time")]
    public void Ctrl_C_ends_a_watch_while_a_slow_downstream_holds_the_pipeline() => InTime(() =>
    {
        using Victim victim = Victim.Start("exit", "0"), alive = Victim.Start("sleep", "60");
        using Command shell = Pwsh.StartWatch($"Watch-ProcessExit {victim.Id}, {alive.Id} | ForEach-Object {{ [Console]::WriteLine('held'); $_ }} | {Deaf}; 'not reached'");
        HashSet<int> programs = BpfPrograms.Of(shell.Id);
        victim.Die();
        shell.WaitForOutput("held");
        TimeSpan time = Measure(programs, () => shell.Signal(Command.SigInt));
        Assert.DoesNotContain("not reached", shell.Wait().Output, StringComparison.Ordinal);
        return time;
    });

    [Fact]
    [Trait("measures", "time")]
    public void Ctrl_C_on_a_terminal_ends_the_watch_and_not_the_shell() => InTime(() =>
    {
        using TerminalShell shell = new($"$VerbosePreference = 'Continue'; {Quiet}", stay: true);
        shell.WaitForOutput("attached by");
        TimeSpan time = Measure(BpfPrograms.Of(shell.Id), () => shell.Type(TerminalShell.ControlC));
        shell.WaitForOutput("PS ");
        shell.Type("'still ' + 'here'\r");
        shell.WaitForOutput("still here");
        shell.Type("exit\r");
        shell.Wait();
        return time;
    });

    [Fact]
    public void Ctrl_C_while_it_is_loading_leaves_nothing_behind()
    {
        Need.Kernel();
        foreach (int milliseconds in new[] { 0, 40 })
        {
            using Command shell = Pwsh.Start($"'now'; {Quiet}");
            shell.WaitForOutput("now");
            // At different times during the load, because its steps cannot be observed.
            Thread.Sleep(milliseconds);
            HashSet<int> programs = BpfPrograms.Of(shell.Id);
            shell.Signal(Command.SigInt);
            shell.Wait();
            if (programs.Count > 0)
                BpfPrograms.AssertGone(programs);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(" | " + Sleeping)]
    [InlineData(" | " + Deaf)]
    [Trait("measures", "time")]
    public void Stopping_the_pipeline_ends_it(string downstream) => InTime(() =>
    {
        using Shell shell = Shell.Open();
        HashSet<int> before = BpfPrograms.Ours;
        using Victim victim = Victim.Start("exit", "0"), alive = Victim.Start("sleep", "60");
        using ManualResetEventSlim held = new();
        using RunningScript watch = shell.StartWatch(
            $"Watch-ProcessExit $ids | ForEach-Object {{ $held.Set(); $_ }} {downstream}", ("ids", new[] { victim.Id, alive.Id }), ("held", held));
        HashSet<int> programs = BpfPrograms.OursBut(before);
        victim.Die();
        Assert.True(held.Wait(GiveUp));
        TimeSpan time = Measure(programs, watch.BeginStop);
        Assert.True(watch.Wait().WasStopped);
        return time;
    });

    [Theory]
    [InlineData("", "$clock.Restart(); $_", " | Select-Object -First 1; 'goes on'", "code 4|goes on")]
    [InlineData("-MaxEvents 1", "$clock.Restart(); $_", "; 'goes on'", "code 4|goes on")]
    [InlineData("", "$clock.Restart(); throw 'failing downstream'", "", "failing downstream")]
    [InlineData("", "$clock.Restart(); Write-Error 'failing downstream' -ErrorAction Stop", "", "failing downstream")]
    [InlineData("", "$clock.Restart(); break", "", "")]
    [Trait("measures", "time")]
    public void What_the_pipeline_does_with_an_event_ends_it(string parameters, string action, string rest, string expected) => InTime(() =>
    {
        using Shell shell = Shell.Open();
        HashSet<int> before = BpfPrograms.Ours;
        using Victim victim = Victim.Start("exit", "4"), alive = Victim.Start("sleep", "60");
        Stopwatch clock = new();
        using RunningScript watch = shell.StartWatch(
            $"Watch-ProcessExit $ids -Basic {parameters} | ForEach-Object {{ {action} }}{rest}", ("ids", new[] { victim.Id, alive.Id }), ("clock", clock));
        HashSet<int> programs = BpfPrograms.OursBut(before);
        victim.Die();
        TimeSpan time = Gone(programs, clock);
        ShellResult result = watch.Wait();
        Assert.Equal(expected, result.Terminating?.Message ?? string.Join('|', result.Output.Select(one => one is ExitEvent exit ? exit.Status : one)));
        return time;
    });

    [Fact]
    public void A_time_limit_ends_a_slow_pipeline_though_exits_go_on()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Storm storm = Storm.Prepare("--seconds", "8", "--rate", "20");
        using RunningScript watch = shell.StartWatch(
            "Watch-ProcessExit $id -IncludeChildren -Basic -Timeout 1 | ForEach-Object { Start-Sleep -Milliseconds 100; $_ }", ("id", storm.Id));
        storm.Release();
        // If it continued with the storm, there would be 160 events. In its second there are 20.
        Assert.InRange(watch.Wait().Output.Count, 1, 60);
    }

    [Theory]
    [InlineData("Start-ThreadJob")]
    [InlineData("Start-Job")]
    [Trait("measures", "time")]
    public void Stop_Job_ends_it(string start) => InTime(() =>
    {
        // A child shell, whose job is in the same process or in a child of its own.
        using Command shell = Pwsh.Start($$"""
            $job = {{start}} { Import-Module '{{Paths.Module}}'; "pid=$PID"; {{Quiet}} -Verbose }
            while (-not $job.ChildJobs.Verbose -and -not $job.Verbose) { Start-Sleep -Milliseconds 20 }
            Receive-Job $job; 'attached'
            $null = [Console]::ReadLine(); 'now'; Stop-Job $job; "stopped $($job.State)"; $null = [Console]::ReadLine()
            """);
        shell.WaitForOutput("attached\n");
        int id = int.Parse(shell.Output.Split('\n').First(line => line.StartsWith("pid=", StringComparison.Ordinal))[4..]);
        TimeSpan time = Measure(BpfPrograms.Of(id), () =>
        {
            shell.Write("\n");
            shell.WaitForOutput("now");
        });
        shell.WaitForOutput("stopped Stopped");
        shell.Write("\n");
        shell.Wait();
        return time;
    });

    [Fact]
    public void A_shell_that_is_terminated_in_mid_stream_leaves_no_program()
    {
        using Storm storm = Storm.Prepare("--seconds", "8", "--rate", "2000");
        using Command shell = Pwsh.StartWatch($"Watch-ProcessExit {storm.Id} -IncludeChildren | ForEach-Object Status");
        HashSet<int> programs = BpfPrograms.Of(shell.Id);
        storm.Release();
        shell.WaitForOutput("\n0\n");
        shell.Signal(Command.SigTerm);
        Assert.Equal(128 + Command.SigTerm, shell.Wait().ExitCode);
        BpfPrograms.AssertGone(programs);
    }

    [Fact]
    public void The_exit_of_the_shell_leaves_no_program_of_a_watch_in_the_background()
    {
        Need.Kernel();
        using Command shell = Pwsh.Start($$"""
            $job = Start-ThreadJob { Import-Module '{{Paths.Module}}'; {{Quiet}} -Verbose }
            while (-not $job.Verbose) { Start-Sleep -Milliseconds 20 }
            'attached'; $null = [Console]::ReadLine(); exit 3
            """);
        shell.WaitForOutput("attached");
        HashSet<int> programs = BpfPrograms.Of(shell.Id);
        shell.Write("\n");
        Assert.Equal(3, shell.Wait().ExitCode);
        BpfPrograms.AssertGone(programs);
    }

    [Fact]
    public void A_closed_pipe_ends_the_shell_and_the_watch()
    {
        Need.Kernel();
        using Storm storm = Storm.Prepare("--seconds", "6", "--rate", "1000");
        using TestFolder folder = new();
        string arguments = string.Join(' ', Pwsh.Arguments($"Watch-ProcessExit {storm.Id} -IncludeChildren | ForEach-Object {{ $_.Status }}").Select(word => $"\"{word.Replace("\"", "\\\"", StringComparison.Ordinal).Replace("$", "\\$", StringComparison.Ordinal)}\""));
        using Command shell = Command.Start("sh", ["-c", $"{Pwsh.Executable} {arguments} | head -n 3"]);
        Eventually.True(() => Proc.ChildrenOf(shell.Id).Any(id => Loaded(id).Count > 0), "No watch has started.");
        int id = Proc.ChildrenOf(shell.Id).First(id => Loaded(id).Count > 0);
        HashSet<int> programs = Loaded(id);
        storm.Release();
        Assert.Equal(3, shell.Wait().Lines.Length);
        BpfPrograms.AssertGone(programs);
    }

    [Theory]
    [InlineData("$VerbosePreference = 'Stop'; Watch-ProcessExit -User 64099 -Timeout 5")]
    [InlineData("$ErrorActionPreference = 'Stop'; Watch-ProcessExit 4194303")]
    [InlineData("Watch-ProcessExit 4194303, $PID -ErrorAction Stop")]
    [InlineData("Register-ProcessExitEvent 4194303, $PID -ErrorAction Stop")]
    public void A_message_that_ends_the_pipeline_leaves_no_program(string script)
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        HashSet<int> before = BpfPrograms.Ours;
        ShellResult result = shell.Run($"try {{ {script} }} catch {{ 'caught' }}");
        Assert.Equal(["caught"], result.Output);
        Eventually.True(() => BpfPrograms.OursBut(before).Count == 0, "A program is left behind.");
    }

    [Fact]
    public void Many_starts_and_ends_leave_no_descriptor_and_no_thread()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        int Descriptors() => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();
        int Readers() => Proc.OwnThreads().Count(thread => thread.Name.StartsWith("ExitSnoop", StringComparison.Ordinal));
        HashSet<int> programs = BpfPrograms.Ours;
        shell.Run("1..3 | ForEach-Object { Watch-ProcessExit -User 64099 -Timeout 0 -Basic }");
        int before = Descriptors(), readers = Readers();
        shell.Run("1..12 | ForEach-Object { Watch-ProcessExit -User 64099 -Timeout 0 -Basic }");

        Assert.InRange(Descriptors(), 0, before + 3);
        Assert.InRange(Readers(), 0, readers);
        Eventually.True(() => BpfPrograms.OursBut(programs).Count == 0, "Programs are left behind.");
    }

    [Theory]
    [InlineData("", "Unregister-Event Exits")]
    [InlineData("-Action { }", "Unregister-Event Exits")]
    [InlineData("-Action { }", "Stop-Job $job")]
    [InlineData("-Action { }", "Remove-Job $job -Force")]
    [InlineData("-Action { } -SupportEvent", "Unregister-Event Exits -Force")]
    [InlineData("", "Remove-Module ExitSnoop")]
    [InlineData("-Action { }", "Remove-Module ExitSnoop")]
    [Trait("measures", "time")]
    public void A_subscription_that_is_ended_is_detached(string parameters, string end) => InTime(() =>
    {
        using Shell shell = Shell.Open();
        HashSet<int> before = BpfPrograms.Ours;
        using Victim alive = Victim.Start("sleep", "60");
        Stopwatch clock = new();
        shell.Run($"$job = Register-ProcessExitEvent $id -Basic -SourceIdentifier Exits {parameters}", ("id", alive.Id));
        HashSet<int> programs = BpfPrograms.OursBut(before);
        using RunningScript ending = shell.Start($"$clock.Restart(); {end}", ("clock", clock));
        TimeSpan time = Gone(programs, clock);
        Assert.Empty(ending.Wait().Errors);
        Eventually.True(() => shell.Run("@(Get-EventSubscriber -Force).Count").Output[0] is 0, "There is a subscription still.");
        return time;
    });

    [Theory]
    [InlineData("", "exit 3")]
    [InlineData("-Action { $global:ran = $true } -SupportEvent", "[Environment]::Exit(3)")]
    public void The_exit_of_the_shell_leaves_nothing_of_a_subscription(string parameters, string exit)
    {
        using Storm storm = Storm.Prepare("--seconds", "6", "--rate", "500");
        // The end comes while there are events and running actions.
        using Command shell = Pwsh.StartWatch(
            $"$job = Register-ProcessExitEvent {storm.Id} -IncludeChildren {parameters}; while (-not ($ran -or (Get-Event))) {{ Start-Sleep -Milliseconds 5 }}; {exit}");
        HashSet<int> programs = BpfPrograms.Of(shell.Id);
        storm.Release();
        Assert.Equal(3, shell.Wait().ExitCode);
        BpfPrograms.AssertGone(programs);
    }

    private static HashSet<int> Loaded(int id)
    {
        try
        {
            return BpfPrograms.Of(id);
        }
        catch (IOException)
        {
            return [];
        }
    }

    private static void InTime(Func<TimeSpan> attempt)
    {
        Need.Kernel();
        MedianTime.AssertWithin(Limit, attempt);
    }

    private static TimeSpan Measure(HashSet<int> programs, Action signal)
    {
        long start = Stopwatch.GetTimestamp();
        signal();
        Assert.NotNull(BpfPrograms.WaitUntilGone(programs, GiveUp));
        return Stopwatch.GetElapsedTime(start);
    }

    // From when a script has started the clock.
    private static TimeSpan Gone(HashSet<int> programs, Stopwatch clock)
    {
        Assert.NotNull(BpfPrograms.WaitUntilGone(programs, GiveUp));
        return clock.Elapsed;
    }
}
