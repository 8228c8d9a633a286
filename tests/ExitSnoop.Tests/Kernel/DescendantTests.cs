using System.Diagnostics;
using ExitSnoop.Reading;

namespace ExitSnoop.Tests.Kernel;

/// <summary>A process with its descendants, made by the mode tree of victim: every other branch is orphaned.</summary>
[Collection(KernelTests.Name)]
public sealed class DescendantTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Theory]
    [MemberData(nameof(Fallback.All), MemberType = typeof(Fallback))]
    public void All_of_a_tree_are_seen_orphans_included_and_it_ends_when_the_tree_is_gone(string without)
    {
        using Child root = Child.StartHeld(TestProgram.Victim, "tree", "3", "3", "100");
        using Recording recording = Recording.Start(new() { Ids = [root.Id], IncludeChildren = true, Fallbacks = Fallback.Parse(without) });
        root.WriteLine();
        IReadOnlyList<Node> tree = Read(root, 1 + 3 + 9 + 27);
        Assert.True(recording.Ends(Soon));
        Assert.Equal(
            tree.Select(node => (node.Id, node.Status)).Order(),
            recording.Events.Select(exit => (exit.Id, exit.ExitCode)).Order());
        Assert.Equal(0, recording.Trace.LostCount);
    }

    [Fact]
    public void It_does_not_end_with_the_root_while_an_orphan_lives()
    {
        using Child root = Child.StartHeld("sh", "-c", "\"$0\" sleep 60 & exit 3", TestProgram.Victim);
        using Recording recording = Recording.Start(new() { Ids = [root.Id], IncludeChildren = true });
        root.WriteLine();
        int orphan = root.ReadId();
        root.Wait();
        Assert.Equal("code 3", recording.Of(root).Status);
        Assert.False(recording.Ends(TimeSpan.FromMilliseconds(200)));
        Assert.Empty(recording.Trace.AliveIds);
        Assert.Equal(0, Posix.kill(orphan, (int)Signal.TERM));
        Assert.True(recording.Ends(Soon));
        Assert.Equal(["sh", "victim"], recording.Events.Select(exit => exit.Name));
    }

    [Fact]
    public void Descendants_that_were_there_before_the_trace_are_seen()
    {
        // Two generations, and one process whose parent has exited: init is its parent, so it is no descendant.
        const string script = "\"$0\" sleep 60 & sh -c '\"$0\" sleep 60 & wait; exit 8' \"$0\" & sh -c '\"$0\" sleep 60 &' \"$0\"; wait; exit 9";
        using Child root = Child.Start("sh", "-c", script, TestProgram.Victim);
        int[] victims = [root.ReadId(), root.ReadId(), root.ReadId()];
        AwaitAdoption(victims, root.Id);
        using Recording recording = Recording.Start(new() { Ids = [root.Id], IncludeChildren = true });
        foreach (int victim in victims)
            Assert.Equal(0, Posix.kill(victim, (int)Signal.TERM));
        root.Wait();
        Assert.True(recording.Ends(Soon));
        Assert.Equal(
            ["sh code 8", "sh code 9", "victim signal 15 (TERM)", "victim signal 15 (TERM)"],
            recording.Events.Select(exit => $"{exit.Name} {exit.Status}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_filter_hides_descendants_and_it_ends_all_the_same()
    {
        using Child root = Child.StartHeld(TestProgram.Victim, "tree", "2", "3", "100");
        using Recording recording = Recording.Start(new() { Ids = [root.Id], IncludeChildren = true, Failed = true, ExitCodes = [33] });
        root.WriteLine();
        IReadOnlyList<Node> tree = Read(root, 1 + 3 + 9);
        Assert.True(recording.Ends(Soon));
        Assert.Equal(
            tree.Where(node => node.Status == 33).Select(node => node.Id).Order(),
            recording.Events.Select(exit => exit.Id).Order());
    }

    [Theory]
    [InlineData(64, 10)]
    [InlineData(300, 100)]
    [Trait("measures", "time")]
    public void A_tree_that_forks_all_the_time_starts_soon_and_ends_when_it_is_killed(int workers, int milliseconds)
    {
        List<TimeSpan> starts = [];
        for (int round = 0; round < 5; round++)
        {
            using Child root = Child.Start(TestProgram.Victim, "workers", $"{workers}", $"{milliseconds}");
            int[] ids = [.. Enumerable.Range(0, workers).Select(_ => root.ReadId())];
            Stopwatch starting = Stopwatch.StartNew();
            using Recording recording = Recording.Start(new() { Ids = [root.Id], IncludeChildren = true, Basic = true });
            starts.Add(starting.Elapsed);
            Eventually.True(() => recording.Events.Count > workers, "It does not fork.");
            Assert.Equal(0, Posix.kill(-root.Id, (int)Signal.KILL));
            Assert.True(recording.Ends(Soon), $"Round {round}: the trace does not end.");
            IReadOnlyList<ExitEvent> events = recording.Events;
            Assert.Equal(0, recording.Trace.LostCount);
            Assert.Subset(events.Select(exit => exit.Id).ToHashSet(), ids.ToHashSet());
            Assert.All(events, exit => Assert.Equal("victim", exit.Name));
        }
        // The median.
        Assert.InRange(starts.Order().ElementAt(starts.Count / 2), TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void Where_the_kernel_may_skip_the_program_it_ends_all_the_same()
    {
        LoadableBpf.Require();
        using Child tree = Child.Start("sh", "-c", "\"$0\" sleep 60 & read go; exit 1", TestProgram.Victim);
        int orphan = tree.ReadId();
        ExitProgramOptions options = new ExitTraceOptions
        {
            Ids = [tree.Id], IncludeChildren = true, Fallbacks = ExitProgramFallbacks.SecondHook,
        }.ForProgram();
        ExitProgram program = ExitProgram.Start(options, CgroupHierarchy.Find());
        using RecordQueue queue = new(1 << 20);
        using RecordReader reader = RecordReader.Start(program, options, queue);
        tree.WriteLine();
        tree.Wait();
        // From now on no BPF program runs, so the exit of the last descendant is missed.
        program.Detach();
        Assert.Equal(0, Posix.kill(orphan, (int)Signal.KILL));
        Assert.True(SpinWait.SpinUntil(() => reader.IsFinished, Soon), "It sleeps for ever.");
        Assert.Null(reader.Failure);
    }

    [Fact]
    public void Children_for_whom_there_is_no_room_are_counted_as_lost_and_it_ends_all_the_same()
    {
        using Child root = Child.StartHeld(TestProgram.Victim, "tree", "1", "9", "100");
        using Recording recording = Recording.Start(new() { Ids = [root.Id], IncludeChildren = true, DescendantsMax = 4 });
        root.WriteLine();
        Read(root, 1 + 9);
        Assert.True(recording.Ends(Soon));
        Assert.Equal(4, recording.Events.Count);
        Assert.Equal(6, recording.Trace.LostCount);
    }

    [Fact]
    public void Where_proc_hides_the_processes_of_others_descendants_that_were_there_before_are_seen()
    {
        if (Environment.OSVersion.Version < new Version(5, 11) || Environment.UserName != "root")
            Assert.Skip("Only root can mount, and before Linux 5.11 tracing also takes locked memory.");
        LoadableBpf.Require();
        using Child root = Child.Start("sh", "-c", "\"$0\" sleep 60 & wait; exit 9", TestProgram.Victim);
        int victim = root.ReadId();
        const string script = "mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid 65534 --regid 65534 --clear-groups "
            + "--inh-caps +bpf,+perfmon --ambient-caps +bpf,+perfmon \"$@\"";
        using Tracer tracer = new(Child.Start(
            "unshare", ["--mount", "sh", "-c", script, "sh", .. Tracer.Command, "--to-the-end", "--children", "--id", $"{root.Id}"]));
        tracer.AwaitAttached();
        Assert.Equal(0, Posix.kill(victim, (int)Signal.TERM));
        root.Wait();
        Assert.Equal(
            [(victim, "signal 15 (TERM)"), (root.Id, "code 9")],
            tracer.Finish(stop: false).Select(exit => (exit.Id, exit.Status)));
    }

    /// <summary>Waits until one of them is no longer a descendant of the root, because its parent has exited.</summary>
    private static void AwaitAdoption(IReadOnlyCollection<int> ids, int root) =>
        Eventually.True(() => ids.Any(id => Proc.ParentOf(id) is int parent && parent != root && Proc.ParentOf(parent) != root), "None is orphaned.");

    private static IReadOnlyList<Node> Read(Child root, int count)
    {
        List<Node> nodes = [];
        while (nodes.Count < count)
        {
            int[] fields = [.. root.ReadLine().Split('\t').Select(field => int.Parse(field, CultureInfo.InvariantCulture))];
            // The first line is only the ID of the root, as with every victim.
            if (fields is [int id, int parent, int depth, int status])
                nodes.Add(new Node(id, parent, depth, status));
        }
        return nodes;
    }

    private sealed record Node(int Id, int ParentId, int Depth, int Status)
    {
        internal int Place => Status % 16;
    }
}
