using ExitSnoop.ModuleTests.Engine;
using Xunit;

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
        using Shell shell = Shell.Open();
        string source = Assert.IsType<string>(shell.Run($"$wanted = 'segv'; Get-ProcessExitEventDefinition -Source {parameter}").Output[0]);
        Assert.Contains($"{sets}\n", source[..source.IndexOf("*/", StringComparison.Ordinal)], StringComparison.Ordinal);
    }

    [Fact]
    public void Where_Object_takes_a_signal_by_any_of_its_names()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Victim crash = Victim.Start("null-deref"), fine = Victim.Start("exit", "0");
        using RunningScript watch = shell.StartWatch("""
            $all = @(Watch-ProcessExit $ids)
            foreach ($signal in 'SEGV', 'SIGSEGV', 'sigsegv', 11, '11', 'TERM') { "$signal $(@($all | Where-Object Signal -eq $signal).Count)" }
            """, ("ids", new[] { crash.Id, fine.Id }));
        fine.Die();
        crash.Die();

        Assert.Equal(["SEGV 1", "SIGSEGV 1", "sigsegv 1", "11 1", "11 1", "TERM 0"], watch.Wait().Output);
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
    public void An_exit_code_is_found_as_the_property_shows_it()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Victim wanted = Victim.Start("exit", "3"), other = Victim.Start("exit", "4");
        using Victim killed = Victim.Start("sleep", "60"), ended = Victim.Start("sleep", "60");
        using RunningScript watch = shell.StartWatch(
            "Watch-ProcessExit $ids -ExitCode 3, 137", ("ids", new[] { wanted.Id, other.Id, killed.Id, ended.Id }));
        killed.Signal(Command.SigKill);
        Assert.Equal(137, killed.Wait());
        ended.Signal(Command.SigTerm);
        Assert.Equal(143, ended.Wait());
        other.Die();
        wanted.Die();

        Assert.Equal([(killed.Id, 137), (wanted.Id, 3)], watch.Wait().Events.Select(exit => (exit.Id, exit.ExitCode)));
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
    public void Upper_and_lower_case_of_names_do_not_differ()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using TestFolder folder = new();
        using Victim lower = Victim.StartNamed(folder, "watch-me-7", "exit", "0"), upper = Victim.StartNamed(folder, "WATCH-ME-7", "exit", "0");
        using RunningScript watch = shell.StartWatch("Watch-ProcessExit $ids -Name Watch-*", ("ids", new[] { lower.Id, upper.Id }));
        lower.Die();
        upper.Die();

        Assert.Equal([lower.Id, upper.Id], watch.Wait().Events.Select(exit => exit.Id));
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

    [Fact]
    public void A_user_whom_this_machine_does_not_have_is_an_error()
    {
        using Shell shell = Shell.Open();
        ShellError error = shell.Run("Watch-ProcessExit -User no-such-user").OnlyError;
        Assert.Equal(("UserNotFound", "ObjectNotFound", (object)"no-such-user"), (error.ShortId, error.Category, error.Target));
        Assert.Contains("no-such-user", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cgroup_is_asked_for_by_path_or_folder()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using TestCgroup cgroup = TestCgroup.Create();
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

    [Theory]
    [InlineData("-Crashed", "crash")]
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
        Need.Kernel();
        using Shell shell = Shell.Open();
        using TestFolder folder = new();
        using Victim wanted = Victim.StartNamed(folder, "wanted", "exit", "1"), crash = Victim.StartNamed(folder, "crash", "null-deref");
        using RunningScript watch = shell.StartWatch(
            $"Watch-ProcessExit $ids {parameters}", ("ids", new[] { wanted.Id, crash.Id }), ("folder", folder.FullName));
        wanted.Die();
        crash.Die();

        Assert.Equal(expected, string.Join(' ', watch.Wait().Events.Select(exit => exit.Name).Order(StringComparer.Ordinal)));
    }
}
