using ExitSnoop.Reading;

namespace ExitSnoop.Tests.Kernel;

/// <summary>Processes that are watched by ID: which events come, which IDs are missing, and when the trace ends.</summary>
[Collection(KernelTests.Name)]
public sealed class IdTests
{
    private const int NoProcess = int.MaxValue;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    [Theory]
    [MemberData(nameof(Fallback.All), MemberType = typeof(Fallback))]
    public void It_ends_when_all_have_exited_and_shows_no_other(string without)
    {
        using Child first = Child.Start(TestProgram.Victim, "-w", "exit", "1"), second = Child.Start(TestProgram.Victim, "sleep", "30");
        using Recording recording = Recording.Start(new() { Ids = [first.Id, second.Id, first.Id], Fallbacks = Fallback.Parse(without) });
        using Child other = Child.Run(TestProgram.Victim, "exit", "3");
        Assert.Equal([first.Id, second.Id], recording.Trace.AliveIds.Order());

        first.WriteLine();
        first.Wait();
        Assert.Equal("code 1", recording.Of(first).Status);
        Assert.False(recording.Ends(TimeSpan.FromMilliseconds(100)));
        Assert.Equal([second.Id], recording.Trace.AliveIds);

        second.Kill(Signal.TERM);
        second.Wait();
        Assert.True(recording.Ends(Soon));
        Assert.Equal([first.Id, second.Id], recording.Events.Select(exit => exit.Id));
        Assert.Empty(recording.Trace.AliveIds);
        Assert.Empty(recording.Trace.TakeMissingIds());
    }

    [Fact]
    public void An_id_that_no_process_has_is_told_once_and_the_others_go_on()
    {
        using Child child = Child.Start(TestProgram.Victim, "-w", "exit", "1");
        using Child gone = Child.Run(TestProgram.Victim, "exit", "0");
        using Recording recording = Recording.Start(new() { Ids = [NoProcess, child.Id, gone.Id, 0, -1] });
        Assert.Equal([-1, 0, gone.Id, NoProcess], recording.Trace.TakeMissingIds().Order());
        Assert.Empty(recording.Trace.TakeMissingIds());
        child.WriteLine();
        child.Wait();
        Assert.True(recording.Ends(Soon));
        Assert.Equal([child.Id], recording.Events.Select(exit => exit.Id));
    }

    [Fact]
    public void A_missing_id_is_told_at_once_though_others_live_on()
    {
        LoadableBpf.Require();
        using Child child = Child.Start(TestProgram.Victim, "sleep", "30");
        using ExitTrace trace = ExitTrace.Start(new() { Ids = [NoProcess, child.Id] });
        Assert.True(trace.WaitForEvents(TimeSpan.FromSeconds(5)));
        Assert.Equal([NoProcess], trace.TakeMissingIds());
        Assert.False(trace.IsCompleted);
    }

    [Fact]
    public void More_ids_than_files_may_be_open_are_an_error_that_leaves_none_open()
    {
        LoadableBpf.Require();
        // All processes of the machine are watched, including kernel threads.
        int[] ids = [.. Proc.All];
        int before = Directory.GetFileSystemEntries("/proc/self/fd").Length;
        ExitTraceException refused;
        using (OpenFileLimit limit = OpenFileLimit.Lower(before + 30))
            refused = Assert.Throws<ExitTraceException>(() => ExitTrace.Start(new() { Ids = ids }));
        Assert.Equal(ExitTraceError.InvalidOption, refused.Error);
        Assert.Contains("ulimit -n", refused.Message, StringComparison.Ordinal);
        Assert.InRange(Directory.GetFileSystemEntries("/proc/self/fd").Length, before - 5, before + 5);
    }

    [Fact]
    public void With_missing_ids_alone_it_ends_at_once()
    {
        using Recording recording = Recording.Start(new() { Ids = [NoProcess] });
        Assert.True(recording.Ends(Soon));
        Assert.Equal([NoProcess], recording.Trace.TakeMissingIds());
    }

    [Fact]
    public void A_zombie_is_missing_as_its_exit_was_before()
    {
        using Child zombie = Child.Start(TestProgram.Victim, "exit", "1");
        zombie.AwaitDeath();
        using Recording recording = Recording.Start(new() { Ids = [zombie.Id] });
        Assert.True(recording.Ends(Soon));
        Assert.Equal([zombie.Id], recording.Trace.TakeMissingIds());
        Assert.Empty(recording.Events);
    }

    [Fact]
    public void A_process_whose_main_thread_has_gone_is_still_awaited()
    {
        using Child scenario = Child.Start(TestProgram.Scenario, "leader-first-late9");
        int process = FindChildWithDeadMainThread(scenario.Id);
        // Its other thread waits until the trace runs.
        Assert.Equal(0, Posix.kill(process, (int)Signal.STOP));
        using Recording recording = Recording.Start(new() { Ids = [process] });
        Assert.False(recording.Ends(TimeSpan.FromMilliseconds(200)));
        Assert.Empty(recording.Trace.TakeMissingIds());
        Assert.Equal(0, Posix.kill(process, (int)Signal.CONT));
        Assert.True(recording.Ends(Soon));
        ExitEvent exit = Assert.Single(recording.Events);
        Assert.Equal((process, "mt_leader1st", "code 9"), (exit.Id, exit.Name, exit.Status));
    }

    [Fact]
    public void The_id_of_a_thread_is_no_process()
    {
        using Child child = Child.Start(TestProgram.Victim, "burn", "60000", "2");
        string tasks = string.Create(CultureInfo.InvariantCulture, $"/proc/{child.Id}/task");
        int[] threads;
        do
            threads = [.. Directory.EnumerateDirectories(tasks).Select(task => int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture))];
        while (threads.Length < 2);
        int thread = threads.Single(id => id != child.Id);
        using Recording recording = Recording.Start(new() { Ids = [thread] });
        Assert.True(recording.Ends(Soon));
        Assert.Equal([thread], recording.Trace.TakeMissingIds());
    }

    [Fact]
    public void With_Failed_one_that_exits_with_0_ends_it_unseen()
    {
        using Child child = Child.Start(TestProgram.Victim, "-w", "exit", "0");
        using Recording recording = Recording.Start(new() { Ids = [child.Id], Failed = true });
        child.WriteLine();
        child.Wait();
        Assert.True(recording.Ends(Soon));
        Assert.Empty(recording.Events);
        Assert.Empty(recording.Trace.TakeMissingIds());
    }

    [Fact]
    public void Per_thread_it_ends_when_the_process_has()
    {
        using Child child = Child.Start(TestProgram.Victim, "-w", "burn", "20", "5");
        using Recording recording = Recording.Start(new() { Ids = [child.Id], PerThread = true });
        child.WriteLine();
        child.Wait();
        Assert.True(recording.Ends(Soon));
        Assert.Equal(5, recording.Events.Count);
        Assert.All(recording.Events, exit => Assert.Equal((child.Id, true), (exit.Id, exit.IsThread)));
        Assert.Equal(5, recording.Events.Select(exit => exit.ThreadId).Distinct().Count());
    }

    [Fact]
    public void A_process_that_dies_while_the_trace_starts_is_either_seen_or_missing()
    {
        for (int delay = 0; delay < 120; delay += 10)
        {
            using Child child = Child.Start("sleep", string.Create(CultureInfo.InvariantCulture, $"0.{delay:d3}"));
            Thread reaper = new(() => child.Wait());
            reaper.Start();
            using Recording recording = Recording.Start(new() { Ids = [child.Id], Basic = true });
            Assert.True(recording.Ends(Soon));
            Assert.Equal(1, recording.Events.Count + recording.Trace.TakeMissingIds().Count);
            reaper.Join();
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_process_for_whose_exit_the_program_did_not_run_is_unseen_and_not_missing(bool includeChildren)
    {
        LoadableBpf.Require();
        using Child child = Child.Start(TestProgram.Victim, "-w", "exit", "1"), seen = Child.Start(TestProgram.Victim, "-w", "exit", "1");
        ExitTraceOptions options = new() { Ids = [child.Id, seen.Id, NoProcess], IncludeChildren = includeChildren };
        ExitProgram program = ExitProgram.Start(options.ForProgram(), CgroupHierarchy.Find());
        using RecordQueue queue = new(1 << 20);
        using RecordReader reader = RecordReader.Start(program, options.ForProgram(), queue);
        seen.WriteLine();
        seen.Wait();
        // Simulates that the kernel did not run the program.
        ExitUnseen(child, program, reader);
        Assert.True(reader.Watched!.TryTakeUnseen(out int unseen) && reader.Watched.TryTakeMissing(out int missing) && missing == NoProcess);
        Assert.Equal(child.Id, unseen);
        Assert.False(reader.Watched.HasIdsToTake);
    }

    [Fact]
    public void A_process_that_was_exiting_already_and_passed_no_program_is_missing()
    {
        LoadableBpf.Require();
        using Child child = Child.Start(TestProgram.Causes, "leave");
        child.ReadId();
        Assert.True(SpinWait.SpinUntil(() => ProcStat.IsExiting(child.Id), Soon));
        ExitTraceOptions options = new() { Ids = [child.Id] };
        ExitProgram program = ExitProgram.Start(options.ForProgram(), CgroupHierarchy.Find());
        using RecordQueue queue = new(1 << 20);
        using RecordReader reader = RecordReader.Start(program, options.ForProgram(), queue);
        // Simulates that it exited before its ID was in the map.
        ExitUnseen(child, program, reader);
        Assert.True(reader.Watched!.TryTakeMissing(out int missing));
        Assert.Equal(child.Id, missing);
        Assert.False(reader.Watched.HasIdsToTake);
    }

    [Theory]
    [InlineData(LibC.EMFILE, ExitTraceError.InvalidOption, "ulimit -n")]
    [InlineData(LibC.ENFILE, ExitTraceError.LimitReached, "fs.file-max")]
    [InlineData(LibC.ENOMEM, ExitTraceError.LimitReached, "memory")]
    [InlineData(LibC.ENOSYS, ExitTraceError.NoPrivilege, "seccomp")]
    [InlineData(LibC.EPERM, ExitTraceError.NoPrivilege, "seccomp")]
    public void What_keeps_a_process_from_being_watched_is_named(int error, ExitTraceError kind, string named)
    {
        ExitTraceException refused = ExitTraceErrors.CannotWatch(error, 3);
        Assert.Equal(kind, refused.Error);
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
    }

    /// <summary>The child exits, but no program runs for it any more; then the reader ends.</summary>
    private static void ExitUnseen(Child child, ExitProgram program, RecordReader reader)
    {
        program.Detach();
        child.WriteLine();
        child.Wait();
        Assert.True(SpinWait.SpinUntil(() => reader.IsFinished, Soon));
    }

    private static int FindChildWithDeadMainThread(int parent)
    {
        int[] found = [];
        Eventually.True(() => (found = [.. Proc.ChildrenOf(parent).Where(id => Proc.StateOf(id) == 'Z')]).Length == 1, "The main thread does not go.");
        return found[0];
    }
}
