namespace ExitSnoop.ModuleTests;

/// <summary>The parameters that choose exits.</summary>
public sealed class FilterTests(FilterTests.Exits exits) : IClassFixture<FilterTests.Exits>
{
    // The tests of the library check what a filter drops. These check that each parameter sets its filter.
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

    // Which parameter sets which filter in the kernel is tested above; these are asked of each event, read or watched.
    [Theory]
    [InlineData("-Crashed", "139")]
    [InlineData("-OomKilled", "")]
    [InlineData("-Name crash, watch-me-7-with -ExitCode 1 -Failed", "1")]
    // The kernel truncates the name "watch-me-7-with-a-long-name" to 15 bytes.
    [InlineData("-Name watch-me-*", "1")]
    [InlineData("-Name nothing, WATCH-ME-7-with-a-long-nam?", "1")]
    [InlineData("-Name watch-me-[6-8]*", "1")]
    [InlineData("-Name *-with-a-long-name", "1")]
    [InlineData("-Name watch-me-7-with", "1")]
    [InlineData("-ExcludeName WATCH*, victim", "139")]
    [InlineData("-ExcludeName crash, other*, vic*", "1")]
    [InlineData("-ExcludeUser root, nobody", "")]
    [InlineData("-ExcludeUser nobody -Crashed", "139")]
    [InlineData("-ExecutablePath */watch-me*", "1")]
    [InlineData("-ExecutablePath */WATCH-me*", "")]
    [InlineData("-ExecutablePath */crash, /nothing", "139")]
    [InlineData("-Service exitsnoop-test", "3")]
    [InlineData("-Service EXITSNOOP-test.service", "3")]
    [InlineData("-Service other, exitsnoop-*", "3")]
    [InlineData("-Service exitsnoop", "")]
    [InlineData("-ContainerId 3F2a", "4")]
    [InlineData("-ContainerId F2a", "")]
    public void A_filter_lets_pass_what_it_says(string parameters, string expected) => Assert.Equal(
        expected, string.Join(' ', Shell.Shared.Run($"Get-ProcessExit $file -WarningAction Ignore -ErrorAction Ignore {parameters}", ("file", exits.File)).Events.Select(exit => exit.ExitCode)));

    [Fact]
    public void A_service_is_found_by_its_name_also_when_it_has_started_again()
    {
        using RunningScript watch = Shell.Shared.StartWatch(
            "Watch-ProcessExit -Service exitsnoop-t* -ExcludeName no* -Name vic* -ExecutablePath */victim -ParentId $parent -Timeout 60 -MaxEvents 2", ("parent", Environment.ProcessId));
        for (int start = 0; start < 2; start++)
        {
            using TestCgroup service = TestCgroup.Create("/exitsnoop-test.service");
            using Victim crash = service.StartVictim("null-deref");
            crash.Die();
        }
        Assert.Equal(["exitsnoop-test.service", "exitsnoop-test.service"], watch.Wait().Events.Select(exit => exit.ServiceName));
    }

    /// <summary>Four deaths, of a program with a long name, of a crash, in a service and in a container; watched once.</summary>
    public sealed class Exits : IDisposable
    {
        private readonly TestFolder folder = new();
        private readonly Lazy<string> file;

        /// <summary>Watches none yet.</summary>
        public Exits() => file = new(Watch);

        internal string File => file.Value;

        /// <inheritdoc/>
        public void Dispose() => folder.Dispose();

        private string Watch()
        {
            using TestCgroup service = TestCgroup.Create("/exitsnoop-test.service"), container = TestCgroup.Create($"/docker-3f2a{new string('5', 60)}.scope");
            Victim[] victims =
            [
                Victim.StartNamed(folder, "watch-me-7-with-a-long-name", "exit", "1"), Victim.StartNamed(folder, "crash", "null-deref"),
                service.StartVictim("exit", "3"), container.StartVictim("exit", "4"),
            ];
            using RunningScript watch = Shell.Shared.StartWatch("(Watch-ProcessExit $ids).ToJson()", ("ids", victims.Select(victim => victim.Id).ToArray()));
            foreach (Victim victim in victims)
                using (victim)
                    victim.Die();
            return folder.Write("exits.json", string.Join('\n', watch.Wait().Output));
        }
    }
}
