namespace ExitSnoop.Tests.Kernel;

/// <summary>
/// The resources of a process, compared with the result of wait4(2). The program runs before the end of the exit, so wait4
/// reports the same or more, because of the teardown.
/// </summary>
[Collection(KernelTests.Name)]
public sealed class ResourceTests(RunOfScenario scenario, WatchedChildren children) : IClassFixture<WatchedChildren>
{
    /// <summary>wait4 truncates user and system time to microseconds separately.</summary>
    private static readonly TimeSpan Rounding = TimeSpan.FromMicroseconds(2);

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    /// <summary>Cases that waited for a child, whose resources wait4 adds.</summary>
    private static readonly string[] WithChildren = ["in_pidns"];

    [Fact]
    public void Small_processes_used_what_wait4_says_to_within_a_tick()
    {
        RunOfScenario.Observed run = scenario.Watch(cores: false);
        int compared = 0, unknown = 0;
        List<string> late = [], waited = [];
        foreach (DeathOfScenario death in run.Truth.Where(death => !WithChildren.Contains(death.Comm) && death.Case is not "comm" and not "orphan"))
        {
            ExitEvent exit = run.Processes["None"].Single(exit => exit.Id == death.Id && exit.Name == death.Comm);
            ResourceUsage truth = death.Usage!;
            void Require(bool condition, string what) => Assert.True(condition, $"{what} of {death.Comm}: {Describe(exit)}; wait4: {truth}");

            // Null where other threads of the process were released in that moment: no sum rather than one that misses a thread.
            if (exit.TotalProcessorTime is null && death.Comm.StartsWith("mt_", StringComparison.Ordinal))
            {
                unknown++;
                continue;
            }
            Require(exit.TotalProcessorTime <= truth.Total + Rounding, "CPU time");
            if (exit.TotalProcessorTime < truth.Total - Tick)
                late.Add($"{death.Comm}: {Describe(exit)}; wait4: {truth}");
            // Three switches: every task blocks at its very end, and the teardown may wait for a lock once or twice. On a busy machine it
            // also waits for the locks of a program's pages, which others that exit at the same time hold.
            if (exit.VoluntarySwitches < truth.VoluntarySwitches - 3)
                waited.Add($"{death.Comm}: {Describe(exit)}; wait4: {truth}");
            Require(exit.UserProcessorTime + exit.PrivilegedProcessorTime == exit.TotalProcessorTime, "Sum of CPU times");
            // wait4 also counts the memory of the process before its execve.
            Require(death.Comm == "execed11" ? exit.PeakWorkingSet64 <= truth.MaxRssKiB << 10 : exit.PeakWorkingSet64 == truth.MaxRssKiB << 10, "Peak memory");
            // The end of a thread writes to memory of the process once more (mm_release), and the task goes to sleep for good.
            Require(exit.MinorFaults <= truth.MinorFaults && exit.MinorFaults >= truth.MinorFaults - 2, "Minor faults");
            Require(exit.MajorFaults <= truth.MajorFaults && exit.MajorFaults >= truth.MajorFaults - 2, "Major faults");
            Require(exit.VoluntarySwitches <= truth.VoluntarySwitches, "Voluntary switches");
            Require(exit.InvoluntarySwitches <= truth.InvoluntarySwitches, "Involuntary switches");
            compared++;
        }
        Assert.InRange(compared, 60, 200);
        Assert.InRange(unknown, 0, 3);
        // If a virtual processor is preempted between the program and the end of the exit, that time counts, too.
        Assert.True(late.Count <= compared / 20, string.Join('\n', late));
        Assert.True(waited.Count <= compared / 20, string.Join('\n', waited));
    }

    [Fact]
    public void A_process_of_400_MB_misses_only_the_time_that_its_teardown_takes()
    {
        using Child child = Child.Run(TestProgram.Victim, "memory", "400");
        ExitEvent exit = children.Of(child);
        ResourceUsage truth = child.Wait().Usage;
        Assert.InRange(exit.TotalProcessorTime!.Value, truth.Total - TimeSpan.FromMilliseconds(250), truth.Total + Rounding);
        Assert.Equal(truth.MaxRssKiB << 10, exit.PeakWorkingSet64);
        Assert.InRange(exit.PeakWorkingSet64!.Value, 400L << 20, 420L << 20);
        Assert.InRange(exit.MinorFaults!.Value, truth.MinorFaults - 2, truth.MinorFaults);
    }

    [Fact]
    public void All_threads_count_those_that_are_gone_included()
    {
        using Child child = Child.Run(TestProgram.Victim, "burn", "50", "4");
        ExitEvent exit = children.Of(child);
        ResourceUsage truth = child.Wait().Usage;
        Assert.InRange(exit.TotalProcessorTime!.Value, TimeSpan.FromMilliseconds(200), truth.Total + Rounding);
        // The CPU time of four threads, three of which were released before. A missing thread would be 50 ms.
        Assert.InRange(exit.TotalProcessorTime.Value, truth.Total - (2 * Tick), truth.Total + Rounding);
        // The kernel counts in ticks, and most of the time is in the loop.
        Assert.True(exit.UserProcessorTime > exit.PrivilegedProcessorTime, Describe(exit));
    }

    [Fact]
    public void Of_many_threads_that_die_at_once_none_is_forgotten()
    {
        using Child child = Child.Start(TestProgram.Victim, "burn", "60000", "64");
        child.ReadId();
        Eventually.True(() => Proc.TimesOf(child.Id).UserTime >= 30, "It does not run.");
        child.Kill(Signal.KILL);
        ResourceUsage truth = child.Wait().Usage;
        ExitEvent exit = children.Of(child);
        Assert.InRange(exit.TotalProcessorTime!.Value, truth.Total - (2 * Tick), truth.Total + Rounding);
    }

    [Fact]
    public void A_main_thread_that_ended_before_the_process_counts()
    {
        using Child child = Child.Run(TestProgram.Causes, "burn-and-leave", "200");
        ExitEvent exit = children.Of(child);
        ResourceUsage truth = child.Wait().Usage;
        Assert.True(truth.Total >= TimeSpan.FromMilliseconds(200));
        Assert.InRange(exit.TotalProcessorTime!.Value, truth.Total - (2 * Tick), truth.Total + Rounding);
    }

    [Theory]
    [InlineData(64)]
    [InlineData(200)]
    public void Of_threads_that_end_at_once_the_CPU_time_is_that_of_all_or_not_told(int threads)
    {
        using Child child = Child.Run(TestProgram.Causes, "burn-at-once", "10", $"{threads}");
        ExitEvent exit = children.Of(child);
        ResourceUsage truth = child.Wait().Usage;
        // If the walk through the threads that are not yet released succeeds.
        if (threads <= 64)
            Assert.NotNull(exit.TotalProcessorTime);
        if (exit.TotalProcessorTime is null)
        {
            Assert.Null(exit.UserProcessorTime);
            Assert.Null(exit.PrivilegedProcessorTime);
            Assert.Null(exit.MinorFaults);
            Assert.Null(exit.VoluntarySwitches);
            return;
        }
        // The time for the end of each thread comes after the program has run.
        TimeSpan ends = TimeSpan.FromMicroseconds(200 * threads) + (2 * Tick);
        Assert.InRange(exit.TotalProcessorTime.Value, truth.Total - ends, truth.Total + Rounding);
    }

    [Fact]
    public void The_memory_is_that_of_the_program_that_ended_not_of_what_the_process_was_before()
    {
        using Child child = Child.Start(TestProgram.Causes, "exec-after", "300");
        child.ReadId();
        Assert.Equal("ready", child.ReadLine());
        child.Kill(Signal.TERM);
        Assert.Equal("handled", child.ReadLine());
        child.CloseInput();
        ResourceUsage truth = child.Wait().Usage;
        Assert.True(truth.MaxRssKiB >= 300 << 10);
        Assert.InRange(children.Of(child).PeakWorkingSet64!.Value, 100 << 10, 20L << 20);
    }

    [Fact]
    public void Per_thread_each_has_its_own()
    {
        using Recording recording = Recording.OfChildren(options: new() { PerThread = true });
        using Child child = Child.Run(TestProgram.Victim, "burn", "50", "3");
        IReadOnlyList<ExitEvent> threads = recording.Stop();
        Assert.Equal(3, threads.Count);
        Assert.All(threads, exit => Assert.InRange(exit.TotalProcessorTime!.Value, TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(150)));
    }

    [Fact]
    public void Children_that_were_waited_for_do_not_count()
    {
        using Child parent = Child.Run("sh", "-c", $"{TestProgram.Victim} burn 200; exit 0");
        ExitEvent exit = children.Of(parent);
        Assert.True(parent.Wait().Usage.Total >= TimeSpan.FromMilliseconds(200));
        Assert.InRange(exit.TotalProcessorTime!.Value, TimeSpan.Zero, TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void Bytes_read_and_written_are_those_that_proc_told_the_process_itself()
    {
        using Child child = Child.Run(TestProgram.Victim, "io", "4194304");
        child.ReadId();
        long read = Number(child.ReadLine(), "read_bytes: "), written = Number(child.ReadLine(), "write_bytes: ");
        ExitEvent exit = children.Of(child);
        Assert.Equal((read, written), (exit.ReadBytes, exit.WriteBytes));
        if (written == 0)
            TestContext.Current.TestOutputHelper?.WriteLine("The folder for temporary files is on no disk.");
    }

    private static long Number(string line, string field)
    {
        Assert.StartsWith(field, line, StringComparison.Ordinal);
        return long.Parse(line.AsSpan(field.Length), CultureInfo.InvariantCulture);
    }

    private static string Describe(ExitEvent exit) =>
        $"{exit.UserProcessorTime} + {exit.PrivilegedProcessorTime} = {exit.TotalProcessorTime}, {exit.PeakWorkingSet64 >> 10} KiB, "
        + $"faults {exit.MinorFaults} {exit.MajorFaults}, switches {exit.VoluntarySwitches} {exit.InvoluntarySwitches}";
}
