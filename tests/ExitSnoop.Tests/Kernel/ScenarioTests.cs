namespace ExitSnoop.Tests.Kernel;

/// <summary>Statuses, signals, names, threads, families: every exit is reported once, with the status of waitpid(2).</summary>
[Collection(KernelTests.Name)]
public sealed class ScenarioTests(RunOfScenario scenario)
{
    public static TheoryData<string, bool> AllWays { get; } = new(
        from way in Fallback.All
        from cores in new[] { false, true }
        select (way.Data, cores));

    [Theory]
    [MemberData(nameof(AllWays))]
    public void Every_process_is_reported_once_as_waitpid_said(string without, bool cores)
    {
        RunOfScenario.Observed run = scenario.Watch(cores);
        AssertEachOnce(
            run.Truth.Select(death => Describe(death.Comm, death.Id, death.Id, death.ParentId, death.Status)),
            run.Processes[without]);
    }

    [Theory]
    [MemberData(nameof(AllWays))]
    public void A_basic_trace_of_the_family_sees_the_same(string without, bool cores)
    {
        RunOfScenario.Observed run = scenario.Watch(cores);
        AssertEachOnce(
            run.Truth.Select(death => Describe(death.Comm, death.Id, death.Id, death.ParentId, death.Status)),
            run.Basic[without]);
        Assert.All(run.Basic[without], exit => Assert.Null(exit.UserId));
    }

    [Theory]
    [MemberData(nameof(AllWays))]
    public void Per_thread_every_thread_is_reported_once(string without, bool cores)
    {
        RunOfScenario.Observed run = scenario.Watch(cores);
        AssertEachOnce(
            run.Truth.SelectMany(death => death.Threads.Count == 0
                ? [Describe(death.Comm, death.Id, death.Id, death.ParentId, death.Status)]
                : death.Threads.Select(thread => Describe(thread.Comm, thread.ProcessId, thread.Id, death.ParentId, thread.Status))),
            run.Threads[without]);
    }

    [Fact]
    public void Two_traces_at_once_see_the_same()
    {
        RunOfScenario.Observed run = scenario.Watch(cores: false);
        Assert.Equal(
            run.Second.Select(Describe),
            run.Processes["None"].Select(Describe));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_core_is_told_where_one_was_written(bool cores)
    {
        RunOfScenario.Observed run = scenario.Watch(cores);
        Assert.Equal(cores, run.Truth.Any(death => (death.Status & 0x80) != 0));
        foreach (DeathOfScenario death in run.Truth)
            Assert.Equal((death.Status & 0x80) != 0, Event(run, death).CoreDumped);
    }

    [Fact]
    public void The_status_is_what_a_shell_shows()
    {
        RunOfScenario.Observed run = scenario.Watch(cores: false);
        Assert.Equal("code 42", Event(run, run.Truth.Single(death => death.Comm == "exit_42")).Status);
        Assert.Equal("0", Event(run, run.Truth.Single(death => death.Comm == "exit_256")).Status);
        ExitEvent segv = Event(run, run.Truth.Single(death => death.Comm == "sig_11"));
        Assert.Equal(("signal 11 (SEGV)", 139, Signal.SEGV, true), (segv.Status, segv.ExitCode, segv.Signal, segv.Failed));
    }

    [Fact]
    public void The_age_is_the_time_it_lived()
    {
        RunOfScenario.Observed run = scenario.Watch(cores: false);
        ExitEvent slept = Event(run, run.Truth.Single(death => death.Comm == "age_1250ms"));
        Assert.InRange(slept.Age, TimeSpan.FromMilliseconds(1250), TimeSpan.FromMilliseconds(2500));
        Assert.Equal(slept.Age, slept.ExitTime - slept.StartTime);
    }

    [Fact]
    public void In_a_PID_namespace_the_id_inside_is_told_beside_that_of_the_host()
    {
        RunOfScenario.Observed run = scenario.Watch(cores: false);
        ExitEvent first = Event(run, run.Truth.Single(death => death.Comm == "in_pidns"));
        ExitEvent second = Event(run, run.Truth.Single(death => death.Comm == "in_pidns2"));
        Assert.Equal((1, first.Id), (first.NamespaceId, first.HostId));
        Assert.Equal((2, second.Id), (second.NamespaceId, second.HostId));
    }

    [Fact]
    public void The_parent_is_named()
    {
        RunOfScenario.Observed run = scenario.Watch(cores: false);
        Assert.Equal("scenario", Event(run, run.Truth.Single(death => death.Comm == "exit_1")).ParentName);
        Assert.Equal("in_pidns", Event(run, run.Truth.Single(death => death.Comm == "in_pidns2")).ParentName);
    }

    private static ExitEvent Event(RunOfScenario.Observed run, DeathOfScenario death) =>
        run.Processes["None"].Single(exit => exit.Id == death.Id && Escape(exit) == death.Comm);

    private static void AssertEachOnce(IEnumerable<string> expected, IEnumerable<ExitEvent> seen)
    {
        List<string> missing = [.. expected];
        int all = missing.Count;
        List<string> unexpected = [];
        foreach (string line in seen.Select(Describe))
            if (!missing.Remove(line))
                unexpected.Add(line);
        Assert.True(all > 100, $"Only {all} deaths to compare.");
        Assert.True(
            missing.Count == 0 && unexpected.Count == 0,
            $"comm, pid, tid, ppid, status. Not seen: {string.Join("; ", missing)}. Not expected: {string.Join("; ", unexpected)}.");
    }

    private static string Describe(ExitEvent exit) =>
        Describe(Escape(exit), exit.Id, exit.ThreadId, exit.ParentId, WaitStatusOf(exit));

    private static string Describe(string comm, int id, int thread, int parent, int status) =>
        $"{comm} {id} {thread} {parent} {status}";

    /// <summary>The status, computed from the properties of the event.</summary>
    private static int WaitStatusOf(ExitEvent exit) =>
        exit.Signal == Signal.None ? exit.ExitCode << 8 : (int)exit.Signal | (exit.CoreDumped ? 0x80 : 0);

    /// <summary>comm's bytes as scenario prints them.</summary>
    private static string Escape(ExitEvent exit)
    {
        StringBuilder text = new();
        foreach (byte b in exit.Comm)
            text.Append(b is < (byte)' ' or > (byte)'~' or (byte)'\\' ? $"\\x{b:x2}" : ((char)b).ToString());
        return text.ToString();
    }
}
