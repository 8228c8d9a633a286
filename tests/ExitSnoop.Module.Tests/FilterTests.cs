using ExitSnoop.ModuleTests.Engine;
using Xunit;

namespace ExitSnoop.ModuleTests;

/// <summary>The parameters that choose exits, each with one that is wanted and one that is not.</summary>
public sealed class FilterTests
{
    [Theory]
    [InlineData("SEGV")]
    [InlineData("SIGSEGV")]
    [InlineData("sigsegv")]
    [InlineData("11")]
    [InlineData("'11'")]
    [InlineData("KILL, SEGV")]
    [InlineData("9, SIGSEGV")]
    [InlineData("([ExitSnoop.Signal]::SEGV)")]
    [InlineData("(Get-Variable wanted -ValueOnly)")]
    public void A_signal_is_asked_for_by_any_of_its_names(string signal)
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Victim crash = Victim.Start("null-deref");
        using Victim killed = Victim.Start("sleep", "60");
        using RunningScript watch = shell.StartWatch(
            $"$wanted = 'segv'; Watch-ProcessExit $ids -Signal {signal}", ("ids", new[] { crash.Id, killed.Id }));

        killed.Signal(Command.SigTerm);
        Assert.Equal(143, killed.Wait());
        Assert.Equal(139, crash.Die());
        Assert.Equal([crash.Id], watch.Wait().Events.Select(exit => exit.Id));
    }

    [Theory]
    [InlineData("SEGV")]
    [InlineData("'SIGSEGV'")]
    [InlineData("sigsegv")]
    [InlineData("11")]
    [InlineData("'11'")]
    public void Where_Object_takes_a_signal_by_any_of_its_names(string signal)
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Victim crash = Victim.Start("null-deref");
        using Victim fine = Victim.Start("exit", "0");
        using RunningScript watch = shell.StartWatch(
            $"Watch-ProcessExit $ids | Where-Object Signal -eq {signal}", ("ids", new[] { crash.Id, fine.Id }));
        fine.Die();
        crash.Die();

        Assert.Equal([crash.Id], watch.Wait().Events.Select(exit => exit.Id));
    }

    [Theory]
    [InlineData("RTMIN+1", Signal.RTMIN_1)]
    [InlineData("sigrtmin+1", Signal.RTMIN_1)]
    [InlineData("RTMAX_14", Signal.RTMAX_14)]
    [InlineData("IO", Signal.POLL)]
    [InlineData("64", Signal.RTMAX)]
    public void Signals_convert_from_their_names(string name, Signal signal)
    {
        using Shell shell = Shell.Open();
        Assert.Equal([signal], shell.Run("[ExitSnoop.Signal]$name", ("name", name)).Output);
    }

    [Fact]
    public void An_exit_code_is_that_of_a_process_that_exits_by_itself()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Victim wanted = Victim.Start("exit", "3"), other = Victim.Start("exit", "4");
        using Victim killed = Victim.Start("sleep", "60");
        // 137 is what a shell shows for KILL, but this process did not exit by itself.
        using RunningScript watch = shell.StartWatch(
            "Watch-ProcessExit $ids -ExitCode 3, 137", ("ids", new[] { wanted.Id, other.Id, killed.Id }));
        killed.Signal(Command.SigKill);
        Assert.Equal(137, killed.Wait());
        other.Die();
        wanted.Die();

        Assert.Equal([wanted.Id], watch.Wait().Events.Select(exit => exit.Id));
    }

    [Fact]
    public void Failed_leaves_out_what_ends_well()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Victim fine = Victim.Start("exit", "0"), failed = Victim.Start("exit", "255"), crash = Victim.Start("abort");
        using RunningScript watch = shell.StartWatch("Watch-ProcessExit $ids -Failed", ("ids", new[] { fine.Id, failed.Id, crash.Id }));
        fine.Die();
        failed.Die();
        crash.Die();

        Assert.Equal([failed.Id, crash.Id], watch.Wait().Events.Select(exit => exit.Id));
    }

    [Theory]
    [InlineData("watch-me-*")]
    [InlineData("watch-me-7")]
    [InlineData("nothing, watch-me-?")]
    [InlineData("watch-me-[6-8]")]
    public void A_name_is_matched_with_wildcards(string pattern)
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using TestFolder folder = new();
        using Victim wanted = Victim.StartNamed(folder, "watch-me-7", "exit", "0");
        using Victim other = Victim.StartNamed(folder, "watch-not-7", "exit", "0");
        using RunningScript watch = shell.StartWatch(
            $"Watch-ProcessExit $ids -Name {pattern}", ("ids", new[] { wanted.Id, other.Id }));
        other.Die();
        wanted.Die();

        Assert.Equal(["watch-me-7"], watch.Wait().Events.Select(exit => exit.Name));
    }

    [Fact]
    public void Upper_and_lower_case_of_names_differ_as_they_do_in_Linux()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using TestFolder folder = new();
        using Victim lower = Victim.StartNamed(folder, "watch-me-7", "exit", "0"), upper = Victim.StartNamed(folder, "WATCH-ME-7", "exit", "0");
        using RunningScript watch = shell.StartWatch("Watch-ProcessExit $ids -Name WATCH-*", ("ids", new[] { lower.Id, upper.Id }));
        lower.Die();
        upper.Die();

        Assert.Equal([upper.Id], watch.Wait().Events.Select(exit => exit.Id));
    }

    [Theory]
    [InlineData("exitsnoop-test-with-a-long-name")]
    [InlineData("*-with-a-long-name")]
    [InlineData("exitsnoop-test-")]
    public void A_name_that_the_kernel_cuts_is_matched_whole(string pattern)
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using TestFolder folder = new();
        using Victim wanted = Victim.StartNamed(folder, "exitsnoop-test-with-a-long-name", "exit", "0");
        using Victim other = Victim.Start("exit", "0");
        using RunningScript watch = shell.StartWatch(
            "Watch-ProcessExit $ids -Name $pattern", ("ids", new[] { wanted.Id, other.Id }), ("pattern", pattern));
        other.Die();
        wanted.Die();

        Assert.Equal(["exitsnoop-test-"], watch.Wait().Events.Select(exit => exit.Name));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("65534")]
    [InlineData("root, nobody")]
    public void A_user_is_asked_for_by_name_or_id(string user)
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using TestFolder folder = new();
        string program = folder.Path("as-nobody");
        File.Copy(TestProgram.Victim, program);
        using Victim wanted = Victim.StartProgramAs(65534, program, "exit", "2");
        using Victim daemon = Victim.StartProgramAs(1, program, "exit", "2");
        using RunningScript watch = shell.StartWatch(
            $"Watch-ProcessExit $ids -User {user}", ("ids", new[] { wanted.Id, daemon.Id }));
        daemon.Die();
        wanted.Die();

        ExitEvent exit = Assert.Single(watch.Wait().Events);
        Assert.Equal((wanted.Id, 65534u, "nobody"), (exit.Id, exit.UserId, exit.UserName));
    }

    [Fact]
    public void A_user_whom_this_machine_does_not_have_is_an_error()
    {
        using Shell shell = Shell.Open();
        ShellError error = shell.Run("Watch-ProcessExit -User no-such-user").OnlyError;
        Assert.Equal(("UserNotFound", "ObjectNotFound", (object)"no-such-user"), (error.ShortId, error.Category, error.Target));
        Assert.Contains("no-such-user", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_parent_is_asked_for_by_its_id()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using RunningScript watch = shell.StartWatch("Watch-ProcessExit -ParentId $id -Name victim -MaxEvents 1", ("id", Environment.ProcessId));
        using Victim victim = Victim.Start("exit", "6");
        victim.Die();

        ExitEvent exit = Assert.Single(watch.Wait().Events);
        Assert.Equal((victim.Id, Environment.ProcessId), (exit.Id, exit.ParentId));
    }

    [Theory]
    [InlineData("1.5")]
    [InlineData("'1.5'")]
    [InlineData("([timespan]::FromSeconds(1.5))")]
    [InlineData("'00:00:01.500'")]
    public void A_minimum_age_is_in_seconds_or_a_time_span(string age)
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Victim old = Victim.Start("exit", "0");
        Thread.Sleep(700);
        using Victim young = Victim.Start("exit", "0");
        using RunningScript watch = shell.StartWatch(
            $"Watch-ProcessExit $ids -MinimumAge {age}", ("ids", new[] { old.Id, young.Id }));
        young.Die();
        Thread.Sleep(900);
        old.Die();

        ExitEvent exit = Assert.Single(watch.Wait().Events);
        Assert.Equal(old.Id, exit.Id);
        Assert.InRange(exit.Age.TotalSeconds, 1.5, 30);
    }

    [Fact]
    public void A_cgroup_is_asked_for_by_path_or_folder()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using TestCgroup cgroup = TestCgroup.Create();
        using Victim inside = cgroup.StartVictim("exit", "4");
        using Victim outside = Victim.Start("exit", "4");
        foreach (string name in new[] { cgroup.CgroupPath, cgroup.Folder })
        {
            using Victim victim = cgroup.StartVictim("exit", "4");
            using RunningScript watch = shell.StartWatch(
                "Watch-ProcessExit $ids -Cgroup $cgroup", ("ids", new[] { victim.Id, outside.Id }), ("cgroup", name));
            victim.Die();
            watch.WaitForOutput(1);
            ExitEvent exit = Assert.Single(watch.Now.Events);
            Assert.Equal((victim.Id, cgroup.CgroupPath), (exit.Id, exit.CgroupPath));
            watch.BeginStop();
            watch.Wait();
        }
        inside.Die();
        outside.Die();
    }

    [Fact]
    public void A_cgroup_that_is_not_there_is_an_error()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        ShellError error = shell.Run("Watch-ProcessExit -Cgroup /no/such/cgroup -Timeout 5").OnlyError;
        Assert.Equal(("InvalidOption", "InvalidArgument"), (error.ShortId, error.Category));
        Assert.Contains("/no/such/cgroup", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Filters_must_all_hold()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using TestFolder folder = new();
        using Victim both = Victim.StartNamed(folder, "both-hold", "exit", "9");
        using Victim name = Victim.StartNamed(folder, "both-hold", "exit", "8");
        using Victim code = Victim.Start("exit", "9");
        using RunningScript watch = shell.StartWatch(
            "Watch-ProcessExit $ids -Name both-* -ExitCode 9 -Failed", ("ids", new[] { both.Id, name.Id, code.Id }));
        name.Die();
        code.Die();
        both.Die();

        Assert.Equal([both.Id], watch.Wait().Events.Select(exit => exit.Id));
    }

    [Fact]
    public void Basic_leaves_the_details_out()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Victim victim = Victim.Start("exit", "5");
        using RunningScript watch = shell.StartWatch("Watch-ProcessExit $id -Basic", ("id", victim.Id));
        victim.Die();

        ExitEvent exit = Assert.Single(watch.Wait().Events);
        Assert.Equal(("victim", 5), (exit.Name, exit.ExitCode));
        Assert.Null(exit.CommandLine);
        Assert.Null(exit.UserId);
        Assert.Null(exit.TotalProcessorTime);
        Assert.Null(exit.CgroupPath);
    }

    [Fact]
    public void PerThread_tells_of_each_thread_what_the_scenario_knows_of_it()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        // With sh in front its id is known before it begins.
        using Command scenario = Command.Start("sh", ["-c", "read go; exec \"$0\" thread-exit-group leader-first-late9", TestProgram.Scenario]);
        using RunningScript watch = shell.StartWatch("Watch-ProcessExit $id -IncludeChildren -PerThread", ("id", scenario.Id));
        scenario.Write("\n");
        string[] truth = scenario.Wait().Lines;

        // "thread" comm pid tid status case
        IEnumerable<(string, int, int, int)> expected = truth.Select(line => line.Split('\t')).Where(fields => fields[0] == "thread")
            .Select(fields => (fields[1], int.Parse(fields[2]), int.Parse(fields[3]), int.Parse(fields[4]) >> 8));
        IEnumerable<(string, int, int, int)> seen = watch.Wait().Events.Where(exit => exit.Id != scenario.Id)
            .Select(exit => (exit.Name, exit.Id, exit.ThreadId, exit.ExitCode));
        Assert.NotEmpty(expected);
        Assert.Equal(expected.Order(), seen.Order());
    }
}
