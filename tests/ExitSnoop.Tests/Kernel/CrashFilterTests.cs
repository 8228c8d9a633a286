namespace ExitSnoop.Tests.Kernel;

/// <summary>Which exits are crashes and OOM kills, and the filters by path and by excluded names and users.</summary>
[Collection(KernelTests.Name)]
public sealed class CrashFilterTests
{
    [Fact]
    public void Crashed_is_true_for_signals_that_dump_a_core_by_default()
    {
        Signal[] crashes = [Signal.QUIT, Signal.ILL, Signal.TRAP, Signal.ABRT, Signal.BUS, Signal.FPE, Signal.SEGV, Signal.XCPU, Signal.XFSZ, Signal.SYS];
        using Recording all = Recording.OfChildren(), crashed = Recording.OfChildren(options: new() { Crashed = true });
        foreach (Signal signal in (Signal[])[.. crashes, Signal.TERM, Signal.INT, Signal.HUP, Signal.PIPE, Signal.KILL, Signal.RTMIN])
            Child.Run(TestProgram.Murder, "timer", $"{(int)signal}").Dispose();
        foreach (string status in (string[])["0", "3"])
            Child.Run(TestProgram.Victim, "exit", status).Dispose();
        Assert.Equal(crashes, crashed.Stop().Select(exit => exit.Signal));
        Assert.Equal(18, all.Stop().Count);
        Assert.All(all.Events, exit => Assert.Equal(crashes.Contains(exit.Signal), exit.Crashed));
    }

    [Fact]
    public void OomKilled_shows_what_the_OOM_killer_killed_and_not_what_others_did()
    {
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
