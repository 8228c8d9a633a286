using System.Diagnostics;

namespace ExitSnoop.Tests.Kernel;

/// <summary>How a trace ends: immediately, on any thread, and nothing is left in the kernel.</summary>
[Collection(KernelTests.Name)]
public sealed class StopTests
{
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    [Theory]
    [MemberData(nameof(Fallback.All), MemberType = typeof(Fallback))]
    [Trait("measures", "time")]
    public void Within_100_ms_of_Stop_nothing_is_left_in_the_kernel(string without)
    {
        LoadableBpf.Require();
        MedianTime.AssertWithin(AtOnce, () =>
        {
            using ExitTrace trace = ExitTrace.Start(new() { ParentIds = [Environment.ProcessId], Fallbacks = Fallback.Parse(without) });
            HashSet<int> programs = BpfPrograms.Ours;
            TimeSpan time = TimeToGo(programs, trace.Stop);
            Assert.Empty(BpfObjects.HeldBy(Environment.ProcessId, "link_id"));
            Assert.Empty(BpfObjects.HeldBy(Environment.ProcessId, "map_id"));
            return time;
        });
    }

    [Fact]
    [Trait("measures", "time")]
    public void Stop_under_a_storm_that_nobody_reads_is_as_fast_and_ends_the_reading()
    {
        LoadableBpf.Require();
        MedianTime.AssertWithin(AtOnce, () =>
        {
            using Child storm = Child.StartHeld(TestProgram.Threads, "-j", "2", "100000", "1");
            using ExitTrace trace = ExitTrace.Start(new() { ParentIds = [storm.Id] });
            HashSet<int> programs = BpfPrograms.Ours;
            storm.WriteLine();
            Thread output = new(() => storm.Output.ReadToEnd());
            output.Start();
            Assert.True(trace.WaitForEvents(Patience));
            TimeSpan time = TimeToGo(programs, trace.Stop);
            storm.Kill(Signal.KILL);
            storm.Wait();
            output.Join();
            Assert.False(trace.IsCompleted);
            Assert.InRange(trace.ReadEvents().Count(), 1, 99_999);
            Assert.True(trace.IsCompleted);
            return time;
        });
    }

    [Fact]
    public void Stop_from_another_thread_wakes_one_that_waits()
    {
        LoadableBpf.Require();
        using ExitTrace trace = ExitTrace.Start(new() { Users = [4_000_000_001] });
        Thread reading = new(() => trace.WaitForEvents(Timeout.InfiniteTimeSpan));
        reading.Start();
        Eventually.True(() => reading.ThreadState.HasFlag(System.Threading.ThreadState.WaitSleepJoin), "It does not wait.");
        trace.Stop();
        trace.Stop();
        Assert.True(reading.Join(TimeSpan.FromSeconds(2)));
        Assert.True(trace.IsCompleted);
        Assert.False(trace.TryRead(out _));
        Assert.Empty(trace.ReadEvents());
    }

    [Fact]
    public async Task Reading_can_be_cancelled_and_gone_on_with()
    {
        LoadableBpf.Require();
        using ExitTrace trace = ExitTrace.Start(new() { ParentIds = [Environment.ProcessId] });
        using CancellationTokenSource cancellation = new(TimeSpan.FromMilliseconds(100));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (ExitEvent _ in trace.ReadEventsAsync(cancellation.Token))
            {
            }
        });
        Assert.ThrowsAny<OperationCanceledException>(() => trace.ReadEvents(cancellation.Token).Count());
        Assert.False(trace.WaitForEvents(TimeSpan.FromMilliseconds(50), CancellationToken.None));

        using Child child = Child.Run(TestProgram.Victim, "exit", "6");
        await foreach (ExitEvent exit in trace.ReadEventsAsync(TestContext.Current.CancellationToken))
        {
            Assert.Equal("code 6", exit.Status);
            break;
        }
    }

    [Fact]
    public void A_tracer_that_is_killed_leaves_nothing_in_the_kernel()
    {
        using Tracer tracer = Tracer.Start();
        HashSet<int> programs = BpfPrograms.Of(tracer.Process.Id);
        tracer.Process.Kill(Signal.KILL);
        tracer.Process.Wait();
        BpfPrograms.AssertGone(programs);
    }

    [Fact]
    public void Forty_traces_one_after_the_other_leak_nothing()
    {
        LoadableBpf.Require();
        using Child child = Child.Start(TestProgram.Victim, "sleep", "100");
        Cycle(child, 10);
        (int fds, int threads, long bytes) before = Held();
        Cycle(child, 40);
        (int fds, int threads, long bytes) after = Held();
        // The number of threads of the runtime changes.
        Assert.InRange(after.fds - before.fds, -10, 5);
        Assert.InRange(after.threads - before.threads, -10, 5);
        Assert.InRange((after.bytes - before.bytes) >> 20, -200, 12);
    }

    private static void Cycle(Child child, int times)
    {
        for (int i = 0; i < times; i++)
        {
            using ExitTrace trace = ExitTrace.Start(new()
            {
                Ids = [child.Id],
                IncludeChildren = i % 3 == 0,
                Basic = i % 4 != 0,
                BufferSize = 1,
            });
            if (i % 2 == 0)
                trace.Stop();
        }
    }

    private static (int Fds, int Threads, long Bytes) Held()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        const string field = "VmRSS:";
        string line = File.ReadLines("/proc/self/status").Single(line => line.StartsWith(field, StringComparison.Ordinal));
        long kilobytes = long.Parse(line.AsSpan(field.Length, line.Length - field.Length - "kB".Length).Trim(), System.Globalization.CultureInfo.InvariantCulture);
        return (Directory.GetFileSystemEntries("/proc/self/fd").Length, Directory.GetDirectories("/proc/self/task").Length, kilobytes << 10);
    }

    private static TimeSpan TimeToGo(HashSet<int> programs, Action stop)
    {
        Assert.All(programs, program => Assert.True(BpfObjects.HasProgram(program)));
        Stopwatch stopping = Stopwatch.StartNew();
        stop();
        Assert.NotNull(BpfPrograms.WaitUntilGone(programs, Patience));
        return stopping.Elapsed;
    }
}
