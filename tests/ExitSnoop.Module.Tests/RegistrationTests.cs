namespace ExitSnoop.ModuleTests;

/// <summary>Register-ProcessExitEvent on PowerShell's own eventing. How it ends is among <see cref="EndingTests"/>.</summary>
public sealed class RegistrationTests
{
    [Fact]
    public void Its_filters_are_those_of_a_watch()
    {
        using Shell shell = Shell.Open();
        ShellResult missing = shell.Run("""
            $mine = (Get-Command Register-ProcessExitEvent).Parameters
            (Get-Command Watch-ProcessExit).Parameters.Values |
                Where-Object { $mine[$_.Name].ParameterType -ne $_.ParameterType -or "$($mine[$_.Name].Aliases)" -ne "$($_.Aliases)" } | ForEach-Object Name
            """);
        // How long a watch goes on, what it shows, and the words that the console program would take (hidden).
        Assert.Equal(["MaxEvents", "RemainingArguments", "Timeout", "Timestamp"], missing.Output.Cast<string>().Order());
    }

    [Theory]
    [InlineData("-Signal SIGSEGV, 7", "null-deref", "exit 11")]
    [InlineData("-Name victim -ParentId $parent -ExitCode 3", "exit 3", "exit 4")]
    public void It_tells_of_what_its_filters_let_pass(string filter, string match, string other)
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Victim seen = Victim.Start(match.Split(' ')), unseen = Victim.Start(other.Split(' ')), last = Victim.Start("exit", "0");
        // One more registration tells when all there is to come has come.
        ShellResult registered = shell.Run(
            $"Register-ProcessExitEvent {filter} -SourceIdentifier Exits; Register-ProcessExitEvent $last -SourceIdentifier Last",
            ("last", last.Id), ("parent", Environment.ProcessId));
        Assert.Empty(registered.Errors);
        unseen.Die();
        seen.Die();
        last.Die();
        // Others on this machine may die so too.
        IReadOnlyList<object?> Told() => shell.Run("$null = Wait-Event Last -Timeout 20; (Get-Event -SourceIdentifier Exits -ErrorAction Ignore).SourceEventArgs.Id").Output;
        Eventually.True(() => Told().Contains(seen.Id), "It is not told of.");
        Assert.DoesNotContain(unseen.Id, Told());
        shell.Run("Get-EventSubscriber | Unregister-Event");
    }

    [Fact]
    public void An_event_in_the_queue_carries_the_exit_its_sender_and_the_message_data()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Victim victim = Victim.Start("exit", "9"), alive = Victim.Start("sleep", "60");
        ShellResult registered = shell.Run(
            "Register-ProcessExitEvent $ids -SourceIdentifier Exits -MessageData @{ ticket = 17 } -Label mine; (Get-EventSubscriber Exits).EventName",
            ("ids", new[] { victim.Id, alive.Id }));
        // Without an action nothing is returned.
        Assert.Equal(["Exited"], registered.Output);
        victim.Die();
        ShellResult result = shell.Run("""
            $got = Wait-Event Exits -Timeout 20
            $got.SourceEventArgs
            $got.SourceArgs[1] -eq $got.SourceEventArgs; $got.MessageData.ticket; $got.Sender.LostCount; $got.Sender.AliveIds
            $got | Remove-Event; @(Get-Event).Count
            Unregister-Event Exits; @(Get-EventSubscriber).Count
            """);
        Assert.Equal((victim.Id, 9, "mine"), (Assert.Single(result.Events).Id, result.Events[0].ExitCode, result.Events[0].Label));
        Assert.Equal([true, 17, 0L, alive.Id, 0, 0], result.Output.Skip(1));
    }

    [Fact]
    public void Events_without_an_action_wait_in_the_order_of_death()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Storm storm = Storm.Prepare("--kind", "fork", "--count", "3000", "--comm", "in-order");
        shell.Run("Register-ProcessExitEvent $id -IncludeChildren -SourceIdentifier Exits", ("id", storm.Id));
        storm.Release();
        int deaths = storm.Wait();
        // With the last of them the registration ends.
        WaitUntilUnsubscribed(shell);
        ShellResult result = shell.Run("(Get-Event).SourceEventArgs; Remove-Event *");
        Assert.Equal(deaths, result.Events.Count);
        Assert.Equal(result.Events.Select(exit => exit.ExitTime).Order(), result.Events.Select(exit => exit.ExitTime));
    }

    [Fact]
    public void An_action_has_the_variables_of_any_action_and_its_job_keeps_what_it_writes()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Victim first = Victim.Start("exit", "1"), second = Victim.Start("exit", "2"), alive = Victim.Start("sleep", "60");
        ShellResult registered = shell.Run("""
            $job = Register-ProcessExitEvent $ids -SourceIdentifier Exits -MessageData data -Action {
                "$($EventArgs.ExitCode) $($Event.SourceEventArgs.Id) $($Event.MessageData) $($Sender.LostCount) $($EventSubscriber.SourceIdentifier) $($args[1].Status)"
                if ($EventArgs.ExitCode -eq 1) { Write-Error wrong }
            }
            $job.GetType().Name; $job.Name; (Get-Job).Name; (Get-EventSubscriber).Action.Name
            """, ("ids", new[] { first.Id, second.Id, alive.Id }));
        Assert.Equal(["PSEventJob", "Exits", "Exits", "Exits"], registered.Output);
        first.Die();
        second.Die();
        Eventually.True(() => shell.Run("@(Receive-Job $job -Keep -ErrorAction Ignore).Count").Output[0] is 2, "The action has not run twice.");
        ShellResult result = shell.Run("Receive-Job $job -ErrorAction SilentlyContinue -ErrorVariable wrong; \"$wrong\"; @(Get-Event).Count; Unregister-Event Exits; $job.State; Remove-Job $job");
        Assert.Equal(
            [$"1 {first.Id} data 0 Exits code 1", $"2 {second.Id} data 0 Exits code 2", "wrong", 0, "Stopped"],
            result.Output.Select(item => item is null or int or string ? item : $"{item}"));
    }

    [Fact]
    public void An_action_that_throws_fails_its_job_as_any_action_does_and_the_subscription_ends_in_time()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        Victim[] victims = [.. Enumerable.Range(1, 3).Select(code => Victim.Start("exit", code.Text()))];
        shell.Run(
            "$global:ran = 0; $job = Register-ProcessExitEvent $ids -Action { $global:ran++; throw 'wrong' }",
            ("ids", victims.Select(victim => victim.Id).ToArray()));
        DieInTurn(victims);
        WaitUntilUnsubscribed(shell);
        Assert.Equal([1, "wrong"], shell.Run("$global:ran; \"$($job.Error[0])\"").Output);
    }

    [Fact]
    public void An_action_may_end_its_own_subscription_while_more_events_wait()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Storm storm = Storm.Prepare("--kind", "fork", "--count", "500");
        HashSet<int> before = BpfPrograms.Ours;
        shell.Run("""
            $global:count = 0
            $job = Register-ProcessExitEvent $id -IncludeChildren -SourceIdentifier Exits -Action {
                Start-Sleep -Milliseconds 20
                if (++$global:count -eq 3) { Unregister-Event Exits }
            }
            """, ("id", storm.Id));
        HashSet<int> programs = BpfPrograms.OursBut(before);
        storm.Release();
        WaitUntilUnsubscribed(shell);
        BpfPrograms.AssertGone(programs);
        Assert.Equal([3, "Stopped"], shell.Run("$global:count; \"$($job.State)\"").Output);
        storm.Wait();
    }

    [Theory]
    [InlineData("")]
    [InlineData("-Action { $global:ran.Add($EventArgs.Id) }")]
    public void MaxTriggerCount_ends_it_after_so_many_events(string action)
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        HashSet<int> before = BpfPrograms.Ours;
        Victim[] victims = [.. Enumerable.Range(1, 4).Select(code => Victim.Start("exit", code.Text()))];
        shell.Run(
            $"$global:ran = [Collections.ArrayList]::new(); $job = Register-ProcessExitEvent $ids -SourceIdentifier Exits -MaxTriggerCount 2 {action}",
            ("ids", victims.Select(victim => victim.Id).ToArray()));
        HashSet<int> programs = BpfPrograms.OursBut(before);
        DieInTurn(victims);
        WaitUntilUnsubscribed(shell);
        BpfPrograms.AssertGone(programs);
        string ids = action.Length == 0 ? "(Get-Event).SourceEventArgs.Id" : "$global:ran";
        Assert.Equal([victims[0].Id, victims[1].Id], shell.Run(ids).Output);
    }

    [Fact]
    public void SupportEvent_hides_the_subscription_and_its_job()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Victim victim = Victim.Start("exit", "1"), alive = Victim.Start("sleep", "60");
        ShellResult result = shell.Run("""
            $global:ran = 0
            Register-ProcessExitEvent $ids -SourceIdentifier Hidden -SupportEvent -Action { $global:ran = $EventArgs.Id }
            "jobs $(@(Get-Job).Count)"; "shown $(@(Get-EventSubscriber).Count)"; "hidden $((Get-EventSubscriber Hidden -Force).SupportEvent)"
            """, ("ids", new[] { victim.Id, alive.Id }));
        Assert.Equal(["jobs 0", "shown 0", "hidden True"], result.Output);
        victim.Die();
        Eventually.True(() => shell.Run("$global:ran").Output[0] is int ran && ran == victim.Id, "The action has not run.");
        Assert.Empty(shell.Run("Unregister-Event Hidden -Force").Errors);
        WaitUntilUnsubscribed(shell);
    }

    [Fact]
    public void Forward_brings_the_events_of_a_job_into_the_queue_here()
    {
        Need.Kernel();
        using Victim victim = Victim.Start("null-deref"), alive = Victim.Start("sleep", "60");
        using Command shell = Pwsh.Start($$"""
            $job = Start-Job {
                Import-Module '{{Paths.Module}}'
                Register-ProcessExitEvent {{victim.Id}}, {{alive.Id}} -SourceIdentifier Far -MessageData there -Forward
                'registered'; Wait-Event nothing
            }
            while (-not $job.ChildJobs[0].Output.Count) { Start-Sleep -Milliseconds 20 }
            'registered'
            $got = Wait-Event Far -Timeout 30
            "$($got.SourceArgs[1].Id) $($got.SourceArgs[1].Signal -eq 'SEGV') $($got.MessageData) $($got.Sender.LostCount)"
            $got.SourceArgs[1]
            Remove-Job $job -Force
            """);
        shell.WaitForOutput("registered");
        victim.Die();
        CommandResult result = shell.Wait();
        Assert.Equal("", result.Error);
        Assert.Contains($"{victim.Id} True there 0", result.Lines);
        Assert.Contains("PCOMM            PID     PPID    TID     AGE(s)  EXIT_CODE", result.Lines.Select(line => line.TrimEnd()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-Action { $global:ran = $true }")]
    public void With_Id_and_nothing_left_to_watch_it_unregisters_itself(string action)
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        HashSet<int> before = BpfPrograms.Ours;
        using Victim first = Victim.Start("exit", "1"), second = Victim.Start("exit", "2");
        shell.Run($"$job = Register-ProcessExitEvent $ids -SourceIdentifier Exits {action}", ("ids", new[] { first.Id, second.Id }));
        HashSet<int> programs = BpfPrograms.OursBut(before);
        first.Die();
        // The first is told of, and the subscription is there still.
        Eventually.True(() => shell.Run("$global:ran -or @(Get-Event).Count -eq 1").Output[0] is true, "There is no event.");
        Assert.Equal([1], shell.Run("@(Get-EventSubscriber).Count").Output);
        second.Die();
        WaitUntilUnsubscribed(shell);
        BpfPrograms.AssertGone(programs);
    }

    [Fact]
    public void Ids_that_no_process_has_are_errors_and_leave_no_subscription()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        HashSet<int> before = BpfPrograms.Ours;
        ShellResult result = shell.Run("Register-ProcessExitEvent 4194302, 4194303");
        Assert.Equal(2, result.Errors.Count);
        WaitUntilUnsubscribed(shell);
        Eventually.True(() => BpfPrograms.OursBut(before).Count == 0, "A program is left behind.");
    }

    [Fact]
    public void A_trace_that_fails_ends_the_subscription_and_tells_why()
    {
        Need.Kernel();
        // More pidfds than a later limit of open files lets poll(2) wait for; below that limit some are free for pwsh.
        CommandResult result = Pwsh.Run("""
            $used = (Get-ChildItem /proc/$PID/fd).Count
            $files = 1..100 | ForEach-Object { [IO.File]::OpenRead('/dev/null') }
            $ids = [int[]](sh -c "for i in $(1..($used + 150)); do sleep 60 >/dev/null & echo `$!; done")
            Register-ProcessExitEvent $ids -SourceIdentifier Exits
            $job = Register-ProcessExitEvent $ids -SourceIdentifier Acted -Action { }
            $files.Dispose()
            prlimit --pid $PID "--nofile=$($used + 100):"
            Stop-Process $ids[0]
            $got = Wait-Event Exits.Error -Timeout 30
            for ($i = 0; $i -lt 300 -and -not $job.Error; $i++) { Start-Sleep -Milliseconds 100 }
            "event: $($got.MessageData) $($got.SourceArgs[1].FullyQualifiedErrorId)"; "job: $($job.Error) $($job.Error[0].FullyQualifiedErrorId)"
            for ($i = 0; $i -lt 100 -and (Get-EventSubscriber -Force); $i++) { Start-Sleep -Milliseconds 100 }
            "subscriptions $(@(Get-EventSubscriber -Force).Count)"
            $ids | Stop-Process -ErrorAction Ignore
            """);
        foreach (string told in (string[])["event", "job"])
            Assert.Matches($"(?m)^{told}: .*ulimit -n.* LimitReached", result.ToString());
        Assert.Contains("subscriptions 0", result.Lines);
    }

    [Theory]
    [InlineData("Register-ProcessExitEvent -SourceIdentifier Taken", "SUBSCRIBER_EXISTS")]
    [InlineData("Register-ProcessExitEvent -SourceIdentifier PowerShell.Mine", "INVALID_REGISTRATION")]
    [InlineData("Register-ProcessExitEvent -SourceIdentifier Both -Action { } -Forward", "ACTION_AND_FORWARD_NOT_SUPPORTED")]
    public void What_PowerShell_refuses_is_refused_and_traces_nothing(string script, string error)
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        shell.Run("$null = Register-EngineEvent -SourceIdentifier Taken -Action { }");
        HashSet<int> before = BpfPrograms.Ours;
        Assert.Equal(error, shell.Run(script).OnlyError.ShortId);
        Assert.Equal(["Taken"], shell.Run("(Get-EventSubscriber).SourceIdentifier").Output);
        Eventually.True(() => BpfPrograms.OursBut(before).Count == 0, "A program is left behind.");
    }

    [Fact]
    public void It_works_in_each_runspace_of_ForEach_Object_Parallel()
    {
        using Shell shell = Shell.Open();
        HashSet<int> before = BpfPrograms.Ours;
        Victim[] victims = [.. Enumerable.Range(1, 3).Select(code => Victim.Start("exit", code.Text()))];
        using RunningScript running = shell.StartWatch($$"""
            $ids | ForEach-Object -Parallel {
                Import-Module '{{Paths.Module}}'
                Register-ProcessExitEvent $_ -SourceIdentifier Exits -Verbose
                (Wait-Event Exits -Timeout 30).SourceEventArgs
            }
            """, ("ids", victims.Select(victim => victim.Id).ToArray()));
        running.WaitUntilAttached(3);
        HashSet<int> programs = BpfPrograms.OursBut(before);
        DieInTurn(victims);
        Assert.Equal([1, 2, 3], running.Wait().Events.Select(exit => exit.ExitCode).Order());
        BpfPrograms.AssertGone(programs);
    }

    [Fact]
    public void Closing_its_runspace_ends_it()
    {
        Need.Kernel();
        HashSet<int> before = BpfPrograms.Ours, programs;
        using (Shell shell = Shell.Open())
        {
            shell.Run("Register-ProcessExitEvent -User 64099; $job = Register-ProcessExitEvent -User 64099 -Action { }");
            programs = BpfPrograms.OursBut(before);
        }
        BpfPrograms.AssertGone(programs);
    }

    // With those that are hidden, of which one belongs to an action and ends after it.
    private static void WaitUntilUnsubscribed(Shell shell) => Eventually.True(
        () => shell.Run("@(Get-EventSubscriber -Force).Count").Output[0] is 0,
        () => $"There is a subscription still.\n{shell.Run("Get-EventSubscriber -Force | ForEach-Object SourceIdentifier")}");

    private static void DieInTurn(Victim[] victims)
    {
        foreach (Victim victim in victims)
            using (victim)
                victim.Die();
    }
}
