namespace ExitSnoop.Tests.Kernel;

/// <summary>Which exits are crashes and OOM kills, and the filters that ask for a path or leave names and users out.</summary>
[Collection(KernelTests.Name)]
public sealed class CrashFilterTests
{
    [Theory]
    [InlineData(Signal.QUIT, true)]
    [InlineData(Signal.ILL, true)]
    [InlineData(Signal.TRAP, true)]
    [InlineData(Signal.ABRT, true)]
    [InlineData(Signal.BUS, true)]
    [InlineData(Signal.FPE, true)]
    [InlineData(Signal.SEGV, true)]
    [InlineData(Signal.XCPU, true)]
    [InlineData(Signal.XFSZ, true)]
    [InlineData(Signal.SYS, true)]
    [InlineData(Signal.TERM, false)]
    [InlineData(Signal.INT, false)]
    [InlineData(Signal.HUP, false)]
    [InlineData(Signal.PIPE, false)]
    [InlineData(Signal.KILL, false)]
    [InlineData(Signal.RTMIN, false)]
    public void Crashed_is_true_for_signals_that_dump_a_core_by_default(Signal signal, bool crashed)
    {
        using Recording all = Recording.OfChildren(), crashes = Recording.OfChildren(options: new() { Crashed = true });
        using Child child = Child.Run(TestProgram.Murder, "timer", $"{(int)signal}");
        Assert.Equal((signal, crashed), (all.Of(child).Signal, all.Of(child).Crashed));
        Assert.Equal(crashed ? [child.Id] : [], crashes.Stop().Select(exit => exit.Id));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("3")]
    public void A_process_that_exits_by_itself_has_not_crashed(string status)
    {
        using Recording all = Recording.OfChildren(), crashes = Recording.OfChildren(options: new() { Crashed = true });
        using Child child = Child.Run(TestProgram.Victim, "exit", status);
        Assert.False(all.Of(child).Crashed);
        Assert.Empty(crashes.Stop());
    }

    [Fact]
    public void OomKilled_shows_what_the_OOM_killer_killed_and_not_what_others_did()
    {
        LoadableBpf.Require();
        using TestCgroup cgroup = TestCgroup.Create();
        cgroup.LimitMemory(24);
        using Recording killed = Recording.OfChildren(options: new() { OomKilled = true }), crashes = Recording.OfChildren(options: new() { Crashed = true });
        using Child greedy = cgroup.Start(TestProgram.Victim, "memory", "96"), other = Child.Run(TestProgram.Murder, "timer", "KILL");
        greedy.Wait();
        Assert.Equal([greedy.Id], killed.Stop().Select(exit => exit.Id));
        Assert.Equal([greedy.Id], crashes.Stop().Select(exit => exit.Id));
    }

    [Fact]
    public void A_kill_whose_sender_was_not_collected_may_be_a_crash()
    {
        using Recording basic = Recording.OfChildren(options: new() { Basic = true });
        using Child killed = Child.Run(TestProgram.Murder, "timer", "KILL"), faulted = Child.Run(TestProgram.Murder, "timer", "SEGV");
        Assert.Null(basic.Of(killed).Crashed);
        Assert.True(basic.Of(faulted).Crashed);
    }

    [Fact]
    public void PathFilter_is_asked_for_the_path_of_the_executable()
    {
        using Recording recording = Recording.OfChildren(options: new() { PathFilter = path => path == TestProgram.Murder });
        using Child victim = Child.Run(TestProgram.Victim, "exit", "0"), murder = Child.Run(TestProgram.Murder, "timer", "TERM");
        Assert.Equal([murder.Id], recording.Stop().Select(exit => exit.Id));
    }

    [Fact]
    public void ExcludedNameFilter_leaves_out_names()
    {
        using Recording recording = Recording.OfChildren(options: new() { ExcludedNameFilter = name => name == "victim" });
        using Child victim = Child.Run(TestProgram.Victim, "exit", "0"), murder = Child.Run(TestProgram.Murder, "timer", "TERM");
        Assert.Equal([murder.Id], recording.Stop().Select(exit => exit.Id));
    }

    [Fact]
    public void ExcludedUsers_leaves_out_processes_of_these_users()
    {
        using Recording recording = Recording.OfChildren(options: new() { ExcludedUsers = [4242] });
        using Child others = Child.Run(TestProgram.Murder, "--uid", "4242", "timer", "TERM"), own = Child.Run(TestProgram.Murder, "timer", "TERM");
        Assert.Equal([own.Id], recording.Stop().Select(exit => exit.Id));
    }

    [Fact]
    public void A_basic_trace_does_not_take_filters_that_ask_for_details()
    {
        foreach (ExitTraceOptions options in (ExitTraceOptions[])[
            new() { Basic = true, Crashed = true }, new() { Basic = true, OomKilled = true }, new() { Basic = true, ExcludedUsers = [1] }, new() { Basic = true, PathFilter = _ => true },
            new() { Basic = true, ServiceFilter = _ => true }, new() { Basic = true, ContainerFilter = _ => true }])
            Assert.Equal(ExitTraceError.InvalidOption, Assert.Throws<ExitTraceException>(() => ExitTrace.Start(options)).Error);
    }

    [Fact]
    public void Signals_that_are_no_crash_are_not_asked_for_with_crashes() =>
        Assert.Contains("signals", Assert.Throws<ExitTraceException>(() => ExitTrace.Start(new() { Crashed = true, Signals = [Signal.TERM] })).Message, StringComparison.Ordinal);
}
