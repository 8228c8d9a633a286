namespace ExitSnoop.ModuleTests;

/// <summary>The parameters that choose exits.</summary>
public sealed class FilterTests
{
    // What a filter leaves out is tested in the library; here, that each parameter sets that filter.
    [Theory]
    [InlineData("-Signal SEGV", "config.signals = 0x400")]
    [InlineData("-Signal SIGSEGV", "config.signals = 0x400")]
    [InlineData("-Signal sigsegv", "config.signals = 0x400")]
    [InlineData("-Signal 11", "config.signals = 0x400")]
    [InlineData("-Signal '11'", "config.signals = 0x400")]
    [InlineData("-Signal KILL, SEGV", "config.signals = 0x500")]
    [InlineData("-Signal 9, SIGSEGV", "config.signals = 0x500")]
    [InlineData("-Signal ([ExitSnoop.Signal]::SEGV)", "config.signals = 0x400")]
    [InlineData("-Signal (Get-Variable wanted -ValueOnly)", "config.signals = 0x400")]
    [InlineData("-ExitCode 3, 5", "exit_codes has the bits 3, 5")]
    [InlineData("-Crashed", "config.signals = 0x418005fc")]
    [InlineData("-Crashed", "config.oom_kills = 1")]
    [InlineData("-OomKilled", "config.signals = 0x100")]
    [InlineData("-Crashed -Signal SEGV, TERM", "config.signals = 0x400")]
    [InlineData("-Failed", "config.failed = 1")]
    [InlineData("-x", "config.failed = 1")]
    [InlineData("-User nobody", "the map users holds 65534")]
    [InlineData("-User 65534", "the map users holds 65534")]
    [InlineData("-User root, nobody", "the map users holds 0, 65534")]
    [InlineData("-ParentId 7", "the map parents holds 7")]
    [InlineData("-Id 7, 8", "the map ids holds 7, 8")]
    [InlineData("-Id 7 -IncludeChildren", "config.include_children = 1")]
    [InlineData("-MinimumAge 1.5", "config.minimum_age = 1500000000")]
    [InlineData("-MinimumAge '1.5'", "config.minimum_age = 1500000000")]
    [InlineData("-MinimumAge ([timespan]::FromSeconds(1.5))", "config.minimum_age = 1500000000")]
    [InlineData("-MinimumAge '00:00:01.500'", "config.minimum_age = 1500000000")]
    [InlineData("-Cgroup /a/cgroup", "the map cgroups holds the inode number of /a/cgroup")]
    [InlineData("-PerThread", "config.per_thread = 1")]
    public void A_parameter_sets_its_filter_in_the_kernel(string parameter, string sets)
    {
        string source = Assert.IsType<string>(Shell.Shared.Run($"$wanted = 'segv'; Get-ProcessExitEventDefinition -Source {parameter}").Output[0]);
        Assert.Contains($"{sets}\n", source[..source.IndexOf("*/", StringComparison.Ordinal)], StringComparison.Ordinal);
    }

    [Fact]
    public void Basic_leaves_the_details_out() => Assert.Equal(
        [true, false],
        Shell.Shared.Run("'', '-Basic' | ForEach-Object { (Invoke-Expression \"Get-ProcessExitEventDefinition -Source $_\").Contains('config.detail = 1') }").Output);

    [Fact]
    public void Where_Object_takes_a_signal_by_its_name_in_any_case_and_by_its_number()
    {
        using Victim crash = Victim.Start("null-deref"), fine = Victim.Start("exit", "0");
        using RunningScript watch = Shell.Shared.StartWatch("""
            $all = @(Watch-ProcessExit $ids)
            foreach ($signal in 'SEGV', 'segv', 11, '11', 'TERM') { "$signal $(@($all | Where-Object Signal -eq $signal).Count)" }
            """, ("ids", new[] { crash.Id, fine.Id }));
        fine.Die();
        crash.Die();

        Assert.Equal(["SEGV 1", "segv 1", "11 1", "11 1", "TERM 0"], watch.Wait().Output);
    }

    [Fact]
    public void An_exit_code_is_found_as_the_property_shows_it()
    {
        using Victim wanted = Victim.Start("exit", "3"), other = Victim.Start("exit", "4");
        using Victim killed = Victim.Start("sleep", "60"), ended = Victim.Start("sleep", "60");
        using RunningScript watch = Shell.Shared.StartWatch(
            "Watch-ProcessExit $ids -ExitCode 3, 137", ("ids", new[] { wanted.Id, other.Id, killed.Id, ended.Id }));
        killed.Signal(Command.SigKill);
        Assert.Equal(137, killed.Wait());
        ended.Signal(Command.SigTerm);
        Assert.Equal(143, ended.Wait());
        other.Die();
        wanted.Die();

        Assert.Equal([(killed.Id, 137), (wanted.Id, 3)], watch.Wait().Events.Select(exit => (exit.Id, exit.ExitCode)));
    }

    // Of the name "watch-me-7-with-a-long-name" the kernel keeps 15 bytes.
    [Theory]
    [InlineData("watch-me-*")]
    [InlineData("nothing, WATCH-ME-7-with-a-long-nam?")]
    [InlineData("watch-me-[6-8]*")]
    [InlineData("*-with-a-long-name")]
    [InlineData("watch-me-7-with")]
    public void A_name_is_matched_whole_with_wildcards_and_in_any_case(string pattern)
    {
        using TestFolder folder = new();
        using Victim wanted = Victim.StartNamed(folder, "watch-me-7-with-a-long-name", "exit", "0"), other = Victim.StartNamed(folder, "watch-not-7", "exit", "0");
        using RunningScript watch = Shell.Shared.StartWatch($"Watch-ProcessExit $ids -Name {pattern}", ("ids", new[] { wanted.Id, other.Id }));
        other.Die();
        wanted.Die();

        Assert.Equal(["watch-me-7-with"], watch.Wait().Events.Select(exit => exit.Name));
    }

    [Fact]
    public void A_user_whom_this_machine_does_not_have_is_an_error()
    {
        ShellError error = Shell.Shared.Run("Watch-ProcessExit -User no-such-user").OnlyError;
        Assert.Equal(("UserNotFound", "ObjectNotFound", (object)"no-such-user"), (error.ShortId, error.Category, error.Target));
        Assert.Contains("no-such-user", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cgroup_is_asked_for_by_path_or_folder()
    {
        using TestCgroup cgroup = TestCgroup.Create();
        using Victim outside = Victim.Start("exit", "4");
        foreach (string name in new[] { cgroup.CgroupPath, cgroup.Folder })
        {
            using Victim victim = cgroup.StartVictim("exit", "4");
            using RunningScript watch = Shell.Shared.StartWatch(
                "Watch-ProcessExit $ids -Cgroup $cgroup", ("ids", new[] { victim.Id, outside.Id }), ("cgroup", name));
            victim.Die();
            watch.WaitForOutput(1);
            ExitEvent exit = Assert.Single(watch.Now.Events);
            Assert.Equal((victim.Id, cgroup.CgroupPath), (exit.Id, exit.CgroupPath));
            watch.BeginStop();
            watch.Wait();
        }
        outside.Die();
    }

    [Theory]
    [InlineData("-Crashed", "crash")]
    [InlineData("-Name crash, wanted -ExitCode 1 -Failed", "wanted")]
    [InlineData("-ExcludeName WANTED*", "crash")]
    [InlineData("-ExcludeName crash, other*", "wanted")]
    [InlineData("-ExcludeUser root, nobody", "")]
    [InlineData("-ExcludeUser nobody", "crash wanted")]
    [InlineData("-ExecutablePath *ant*", "wanted")]
    [InlineData("-ExecutablePath *ANT*", "")]
    [InlineData("-ExecutablePath $folder/crash, /nothing", "crash")]
    [InlineData("-OomKilled", "")]
    public void A_filter_lets_pass_what_it_says(string parameters, string expected)
    {
        using TestFolder folder = new();
        using Victim wanted = Victim.StartNamed(folder, "wanted", "exit", "1"), crash = Victim.StartNamed(folder, "crash", "null-deref");
        using RunningScript watch = Shell.Shared.StartWatch(
            $"Watch-ProcessExit $ids {parameters}", ("ids", new[] { wanted.Id, crash.Id }), ("folder", folder.FullName));
        wanted.Die();
        crash.Die();

        Assert.Equal(expected, string.Join(' ', watch.Wait().Events.Select(exit => exit.Name).Order(StringComparer.Ordinal)));
    }

    [Theory]
    [InlineData("-Service exitsnoop-test", true)]
    [InlineData("-Service EXITSNOOP-test.service", true)]
    [InlineData("-Service other, exitsnoop-*", true)]
    [InlineData("-Service exitsnoop", false)]
    [InlineData("-ContainerId 3F2A", false)]
    public void A_service_is_found_by_its_name_also_when_it_has_started_again(string parameters, bool found)
    {
        using RunningScript watch = Shell.Shared.StartWatch($"(Watch-ProcessExit {parameters} -ParentId $parent -Timeout 60 -MaxEvents 2).ServiceName", ("parent", Environment.ProcessId));
        for (int start = 0; start < 2; start++)
        {
            using TestCgroup service = TestCgroup.Create("/exitsnoop-test.service");
            using Victim crash = service.StartVictim("null-deref");
            crash.Die();
        }
        if (!found)
            watch.BeginStop();
        Assert.Equal(found ? ["exitsnoop-test.service", "exitsnoop-test.service"] : [], watch.Wait().Output);
    }

    [Fact]
    public void A_container_is_found_by_the_start_of_its_id()
    {
        const string id = "3f2a5b6c7d8e9f00112233445566778899aabbccddeeff00112233445566aabb";
        using TestCgroup container = TestCgroup.Create($"/docker-{id}.scope");
        using Victim inside = container.StartVictim("exit", "3"), outside = Victim.Start("exit", "4");
        using RunningScript watch = Shell.Shared.StartWatch("(Watch-ProcessExit $ids -ContainerId 3F2a).ContainerId", ("ids", new[] { inside.Id, outside.Id }));
        outside.Die();
        inside.Die();
        Assert.Equal([id], watch.Wait().Output);
    }
}
