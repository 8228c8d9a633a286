namespace ExitSnoop.Tests.Kernel;

/// <summary>Which of several children are reported with each filter.</summary>
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

    /// <summary>Tests each filter with two traces, because a basic trace uses another BPF program with the same filters.</summary>
    [Fact]
    public void Filters_by_status_and_signal_let_pass_what_they_say()
    {
        (ExitTraceOptions Options, string[] Expected)[] cases =
        [
            (new() { Failed = true }, ["exit 3", "exit 255", "exit 511", "TERM", "34"]),
            (new() { Signals = [Signal.TERM, Signal.HUP] }, ["TERM"]),
            (new() { Signals = [Signal.RTMIN, Signal.RTMAX] }, ["34"]),
            // exit(256) has the status 0.
            (new() { ExitCodes = [0, 255] }, ["exit 0", "exit 256", "exit 255", "exit 511"]),
            (new() { ExitCodes = [3, 128 + 15] }, ["exit 3", "TERM"]),
            (new() { ExitCodes = [3, 128 + 15, 128 + 34], Signals = [Signal.TERM, Signal.HUP] }, ["TERM"]),
            (new() { Failed = true, ExitCodes = [0, 3] }, ["exit 3"]),
        ];
        Recording[] recordings = [.. cases.SelectMany(each => new[] { each.Options, each.Options with { Basic = true } }).Select(options => Recording.OfChildren(options: options))];
        Dictionary<int, string> children = [];
        foreach (string status in (string[])["0", "3", "255", "256", "511"])
            Run($"exit {status}", TestProgram.Victim, "exit", status);
        foreach (string signal in (string[])["TERM", "34"])
            Run(signal, TestProgram.Murder, "timer", signal);
        for (int i = 0; i < recordings.Length; i++)
            using (recordings[i])
                Assert.Equal(cases[i / 2].Expected.Order(StringComparer.Ordinal), recordings[i].Stop().Select(exit => children[exit.Id]).Order(StringComparer.Ordinal));

        void Run(string end, string file, params string[] arguments)
        {
            using Child child = Child.Run(file, arguments);
            children.Add(child.Id, end);
        }
    }

    [Fact]
    public void Filters_by_name_path_and_user_let_pass_what_they_say()
    {
        (ExitTraceOptions Options, string Expected)[] cases =
        [
            (new() { NameFilter = name => name == "murder" }, "murder others"),
            (new() { PathFilter = path => path == TestProgram.Murder }, "murder others"),
            (new() { ExcludedNameFilter = name => name == "murder" }, "victim"),
            (new() { Users = [OtherUser, OtherUser + 1] }, "others"),
            (new() { ExcludedUsers = [OtherUser] }, "murder victim"),
        ];
        Recording[] recordings = [.. cases.Select(each => Recording.OfChildren(options: each.Options))];
        using Child victim = Child.Run(TestProgram.Victim, "exit", "0"), murder = Child.Run(TestProgram.Murder, "timer", "TERM");
        using Child others = Child.Run(TestProgram.Murder, "--uid", $"{OtherUser}", "timer", "TERM");
        Dictionary<int, string> children = new() { [victim.Id] = "victim", [murder.Id] = "murder", [others.Id] = "others" };
        for (int i = 0; i < recordings.Length; i++)
            using (recordings[i])
                Assert.Equal(cases[i].Expected, string.Join(' ', recordings[i].Stop().Select(exit => children[exit.Id]).Order(StringComparer.Ordinal)));
    }

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
}
