namespace ExitSnoop.Tests.Kernel;

/// <summary>What each filter lets pass, by which of some children are reported.</summary>
[Collection(KernelTests.Name)]
public sealed class FilterTests
{
    private const uint OtherUser = 4242;

    [Fact]
    public void Without_a_filter_every_process_of_the_machine_is_reported()
    {
        using Recording recording = Recording.Start(new ExitTraceOptions());
        using Child child = Child.Run(TestProgram.Victim, "exit", "7");
        Assert.Equal("code 7", recording.Of(child).Status);
    }

    [Fact]
    public void Failed_hides_those_that_exited_with_0() =>
        AssertSeen(new() { Failed = true }, "exit 3", "exit 255", "exit 511", "TERM", "34");

    [Fact]
    public void Signals_shows_those_that_one_of_them_ended() =>
        AssertSeen(new() { Signals = [Signal.TERM, Signal.HUP] }, "TERM");

    [Fact]
    public void Signals_knows_real_time_signals() =>
        AssertSeen(new() { Signals = [Signal.RTMIN, Signal.RTMAX] }, "34");

    [Fact]
    public void ExitCodes_shows_those_that_exited_so() =>
        AssertSeen(new() { ExitCodes = [0, 255] }, "exit 0", "exit 0", "exit 255", "exit 511");

    [Fact]
    public void ExitCodes_counts_a_signal_as_128_and_its_number() =>
        AssertSeen(new() { ExitCodes = [3, 128 + 15] }, "exit 3", "TERM");

    [Fact]
    public void ExitCodes_and_signals_must_both_hold() =>
        AssertSeen(new() { ExitCodes = [3, 128 + 15, 128 + 34], Signals = [Signal.TERM, Signal.HUP] }, "TERM");

    [Fact]
    public void Filters_must_all_hold() =>
        AssertSeen(new() { Failed = true, ExitCodes = [0, 3] }, "exit 3");

    [Fact]
    public void MinimumAge_hides_the_short_lived()
    {
        using Recording recording = Recording.OfChildren(options: new() { MinimumAge = TimeSpan.FromSeconds(1) });
        using Child old = Child.Start("sleep", "1.05"), young = Child.Run(TestProgram.Victim, "exit", "0");
        old.Wait();
        Assert.Equal([old.Id], recording.Stop().Select(exit => exit.Id));
    }

    [Fact]
    public void ParentIds_shows_children_and_not_grandchildren()
    {
        using Child parent = Child.StartHeld("sh", "-c", "\"$0\" exit 4; sh -c '\"$0\" exit 5; exit 6' \"$0\"; exit 7", TestProgram.Victim);
        using Recording recording = Recording.OfChildren(parent.Id);
        parent.WriteLine();
        parent.Wait();
        Assert.Equal(["code 4", "code 6"], recording.Stop().Select(exit => exit.Status));
    }

    [Fact]
    public void Users_shows_processes_of_these_real_user_ids()
    {
        using Recording recording = Recording.OfChildren(options: new() { Users = [OtherUser, OtherUser + 1] });
        using Child others = Child.Run(TestProgram.Murder, "--uid", $"{OtherUser}", "timer", "TERM");
        using Child own = Child.Run(TestProgram.Murder, "timer", "TERM");
        ExitEvent seen = Assert.Single(recording.Stop());
        Assert.Equal((others.Id, OtherUser), (seen.Id, seen.UserId));
    }

    [Fact]
    public void NameFilter_is_asked_for_comm()
    {
        using Recording recording = Recording.OfChildren(options: new() { NameFilter = name => name == "murder" });
        using Child victim = Child.Run(TestProgram.Victim, "exit", "0"), murder = Child.Run(TestProgram.Murder, "timer", "TERM");
        Assert.Equal([murder.Id], recording.Stop().Select(exit => exit.Id));
    }

    [Fact]
    public void NameFilter_is_asked_for_the_file_name_where_comm_is_cut_at_15_bytes()
    {
        using TestFolder folder = new();
        string longName = folder.Copy(TestProgram.Victim, "exitsnoop-victim-with-a-long-name");
        using Recording recording = Recording.OfChildren(options: new() { NameFilter = name => name == "exitsnoop-victim-with-a-long-name" });
        using Child cut = Child.Run(longName, "exit", "1");
        using Child other = Child.Run(folder.Copy(TestProgram.Victim, "exitsnoop-victim-of-another-name"), "exit", "1");
        ExitEvent seen = Assert.Single(recording.Stop());
        Assert.Equal((cut.Id, "exitsnoop-victi"), (seen.Id, seen.Name));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Cgroup_shows_processes_in_it_and_below(bool byFolder)
    {
        LoadableBpf.Require();
        using TestCgroup cgroup = TestCgroup.Create();
        using TestCgroup below = TestCgroup.Create(cgroup.CgroupPath[1..] + "/below");
        using TestCgroup beside = TestCgroup.Create();
        using Recording recording = Recording.Start(new() { Cgroup = byFolder ? cgroup.Folder : cgroup.CgroupPath });
        using Child within = cgroup.Start(TestProgram.Victim, "exit", "1"), deep = below.Start(TestProgram.Victim, "exit", "2");
        using Child other = beside.Start(TestProgram.Victim, "exit", "3"), outside = Child.Run(TestProgram.Victim, "exit", "4");
        foreach (Child child in new[] { within, deep, other })
            child.Wait();
        Assert.Equal([within.Id, deep.Id], recording.Stop().Select(exit => exit.Id).Order());
        Assert.Equal(cgroup.CgroupPath, recording.Of(within).CgroupPath);
        Assert.Equal(below.CgroupPath, recording.Of(deep).CgroupPath);
    }

    [Fact]
    public void A_cgroup_that_is_not_there_is_an_error()
    {
        LoadableBpf.Require();
        ExitTraceException refused = Assert.Throws<ExitTraceException>(() => ExitTrace.Start(new() { Cgroup = "/no/such/cgroup" }));
        Assert.Equal(ExitTraceError.InvalidOption, refused.Error);
        Assert.Contains("/no/such/cgroup", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Children that end in so many ways, of which a trace with the filter must see only those named.</summary>
    private static void AssertSeen(ExitTraceOptions options, params string[] expected)
    {
        using Recording recording = Recording.OfChildren(options: options);
        // Another program in the kernel, with the same filters.
        using Recording basic = Recording.OfChildren(options: options with { Basic = true });
        Dictionary<int, string> children = [];
        foreach (string status in new[] { "0", "3", "255", "256", "511" })
            Run($"exit {status}", TestProgram.Victim, "exit", status);
        Run("TERM", TestProgram.Murder, "timer", "TERM");
        Run("34", TestProgram.Murder, "timer", "34");

        foreach (Recording each in new[] { recording, basic })
            Assert.Equal(expected.Order(StringComparer.Ordinal), each.Stop().Select(exit => children[exit.Id]).Order(StringComparer.Ordinal));

        void Run(string end, string file, params string[] arguments)
        {
            // 256 is 0 to who waits: it counts among the successes that must stay unseen, or be seen.
            using Child child = Child.Run(file, arguments);
            children.Add(child.Id, end == "exit 256" ? "exit 0" : end);
        }
    }
}
