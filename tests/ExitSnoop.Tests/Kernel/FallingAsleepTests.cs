using System.Diagnostics;
using ExitSnoop.Reading;

namespace ExitSnoop.Tests.Kernel;

/// <summary>The exit of the last watched process must wake the reader, at whatever moment it happens while the reader is about to block.</summary>
[Collection(KernelTests.Name)]
public sealed class FallingAsleepTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    /// <summary>In microseconds: the time range in which the process exits.</summary>
    private const int DelayMaximum = 150;

    /// <summary>How often to try. After a change of the code with which the reader blocks, try more often.</summary>
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(
        int.Parse(Environment.GetEnvironmentVariable("EXITSNOOP_HUNT_SECONDS") ?? "3", CultureInfo.InvariantCulture));

    [Theory]
    [InlineData(Moment.BeforeItSaysThatItSleeps)]
    [InlineData(Moment.BeforeTheLastLook)]
    [InlineData(Moment.AfterTheLastLook)]
    public void It_ends_when_the_last_descendant_exits_unreported_at_that_moment(Moment moment)
    {
        LoadableBpf.Require();
        // The root has exited before. Its child waits until then, and a filter drops its exit.
        using Child root = Child.StartHeld("sh", "-c", "exec 3<&0; (echo $(exec sh -c 'echo $PPID'); read go <&3) & exit 0");
        using Child waker = Child.Start(TestProgram.Victim, "-w", "exit", "0");
        ExitTraceOptions options = new() { Ids = [root.Id, waker.Id], IncludeChildren = true, Failed = true, Basic = true };
        ExitProgram program = ExitProgram.Start(options.ForProgram(), CgroupHierarchy.Find());
        WatchfulSource source = new(program.Source, moment);
        program.Source = source;
        using RecordQueue queue = new(1 << 20);
        using RecordReader reader = RecordReader.Start(program, options.ForProgram(), queue);
        root.WriteLine();
        int orphan = root.ReadId();
        root.Wait();
        Assert.True(SpinWait.SpinUntil(() => !reader.Watched!.Alive.Contains(root.Id) && source.IsAsleep, Soon));
        source.Arm(() =>
        {
            root.WriteLine();
            Proc.AwaitExit(orphan);
        });
        waker.WriteLine();
        Assert.True(SpinWait.SpinUntil(() => reader.IsFinished, Soon), "It sleeps for ever.");
        Assert.True(source.IsDone);
        Assert.Null(reader.Failure);
    }

    [Fact]
    public void It_ends_whenever_the_last_descendant_exits()
    {
        LoadableBpf.Require();
        ExitTraceOptions options = new() { Ids = [1], IncludeChildren = true, Failed = true, Basic = true };
        using ExitProgram program = ExitProgram.Start(options.ForProgram(), CgroupHierarchy.Find());
        Stopwatch hunting = Stopwatch.StartNew();
        int trees = 0;
        for (; hunting.Elapsed < Duration; trees++)
        {
            // The exit of the root wakes the reader by its pidfd. The reader blocks again immediately.
            int lifetime = trees % 400;
            using Child root = Child.Start(TestProgram.Victim, "-w", "orphan", string.Create(CultureInfo.InvariantCulture, $"{lifetime}"));
            root.ReadId();
            using RecordQueue queue = new(1 << 20);
            using RecordReader reader = RecordReader.Start(program, (options with { Ids = [root.Id] }).ForProgram(), queue, leaveOpen: true);
            root.WriteLine();
            Assert.True(SpinWait.SpinUntil(() => reader.IsFinished, Soon), $"Tree {trees}, whose child lives {lifetime} µs: it sleeps for ever.");
            Assert.Null(reader.Failure);
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{trees} trees");
        Assert.InRange(trees, 15, int.MaxValue);
    }

    /// <summary>
    /// Each time, a process exits at about the moment at which the reader blocks, and nothing else happens. If the
    /// wake-up is lost, the test fails. This is done 500 times, or as often as EXITSNOOP_SLEEPS says.
    /// </summary>
    [Fact]
    public void It_is_woken_by_each_exit_at_whatever_moment_of_falling_asleep()
    {
        LoadableBpf.Require();
        int wanted = int.Parse(Environment.GetEnvironmentVariable("EXITSNOOP_SLEEPS") ?? "500", CultureInfo.InvariantCulture), sleeps = 0;
        using Child exits = Child.Start(TestProgram.EchoExit, $"{DelayMaximum}");
        ExitProgramOptions options = new ExitTraceOptions { ParentIds = [exits.Id], Basic = true }.ForProgram();
        ExitProgram program = ExitProgram.Start(options, CgroupHierarchy.Find());
        Random random = new(1);
        // Every third time the reader is delayed there, for about as long as the exit takes.
        WatchfulSource HeldUpAt(Moment moment, IRecordSource inner, Action first)
        {
            WatchfulSource source = new(inner, moment);
            void HoldUp()
            {
                source.Arm(HoldUp);
                first();
                long end = Stopwatch.GetTimestamp() + (random.Next(3) == 0 ? random.Next(DelayMaximum) * Stopwatch.Frequency / 1_000_000 : 0);
                while (Stopwatch.GetTimestamp() < end)
                    Thread.SpinWait(1);
            }
            source.Arm(HoldUp);
            return source;
        }
        WatchfulSource asleep = HeldUpAt(Moment.AfterTheLastLook, HeldUpAt(Moment.BeforeTheLastLook, program.Source, () => { }), () => { });
        program.Source = HeldUpAt(Moment.BeforeItSaysThatItSleeps, asleep, () =>
        {
            exits.WriteLine();
            Interlocked.Increment(ref sleeps);
        });
        using RecordQueue queue = new(1 << 20);
        using RecordReader reader = RecordReader.Start(program, options, queue, wakeUps: WakeUpBudget.Unlimited);
        ThreadActivity before = ThreadActivity.Of(ThreadActivity.Readers);
        while (Volatile.Read(ref sleeps) < wanted)
        {
            Assert.True(queue.Wait(Soon, CancellationToken.None), $"It was not woken the {sleeps}th time.");
            while (queue.Take() is { } chunk)
                queue.Return(chunk);
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{sleeps} times, {(ThreadActivity.Of(ThreadActivity.Readers) - before).WakeUps} of them it slept");
    }
}
