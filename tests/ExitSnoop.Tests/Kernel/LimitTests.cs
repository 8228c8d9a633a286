using System.Diagnostics;

namespace ExitSnoop.Tests.Kernel;

/// <summary>When a watch ends: after a time, after a number of events, when all processes are gone.</summary>
[Collection(KernelTests.Name)]
public sealed class LimitTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    /// <summary>Fewer than the number of programs that a shell on a busy machine starts within <see cref="Limit"/>.</summary>
    private const int SlowlyRead = 8;

    /// <summary>How late the end may be on a busy machine.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(2);

    [Fact]
    [Trait("measures", "time")]
    public void A_time_limit_ends_it_beside_an_endless_producer_and_a_slower_reader_still_gets_what_happened_within_it()
    {
        LoadableBpf.Require();
        using Child producer = Child.Start("sh", "-c", "while :; do /bin/true; done");
        DateTime started = DateTime.UtcNow;
        using ExitTrace trace = ExitTrace.Start(new() { ParentIds = [producer.Id], TimeLimit = Limit, Utc = true });
        Assert.Equal(ExitTraceEnd.None, trace.End);
        List<ExitEvent> events = [];
        foreach (ExitEvent exit in trace.ReadEvents(TestContext.Current.CancellationToken))
        {
            events.Add(exit);
            // Much slower than the exits: reading the first few takes longer than the limit.
            if (events.Count <= SlowlyRead)
                Thread.Sleep(2 * Limit / SlowlyRead);
        }
        Assert.Equal(ExitTraceEnd.TimeLimit, trace.End);
        Assert.True(events.Count > SlowlyRead, $"{events.Count} events");
        Assert.All(events, exit => Assert.InRange(exit.ExitTime, started, started + Limit + Slack));
        // The events must come from all of that time, not only from its beginning.
        Assert.True(events[^1].ExitTime - started > Limit / 2, $"{events[^1].ExitTime - started}");
        Assert.True(trace.IsCompleted);
    }

    [Fact]
    [Trait("measures", "time")]
    public void A_time_limit_ends_it_although_nobody_reads()
    {
        LoadableBpf.Require();
        using ExitTrace trace = ExitTrace.Start(new() { Users = [4_000_000_001], TimeLimit = Limit });
        Stopwatch waiting = Stopwatch.StartNew();
        while (trace.End == ExitTraceEnd.None && waiting.Elapsed < Limit + Slack)
            Thread.Sleep(10);
        Assert.Equal(ExitTraceEnd.TimeLimit, trace.End);
        Assert.InRange(waiting.Elapsed, Limit - TimeSpan.FromMilliseconds(50), Limit + Slack);
        Assert.Empty(BpfObjects.HeldBy(Environment.ProcessId, "link_id"));
    }

    [Fact]
    public void A_time_limit_of_nothing_ends_it_at_once_and_says_who_is_alive()
    {
        LoadableBpf.Require();
        using Child child = Child.Start(TestProgram.Victim, "sleep", "100");
        using ExitTrace trace = ExitTrace.Start(new() { Ids = [child.Id], TimeLimit = TimeSpan.Zero });
        Assert.Empty(trace.ReadEvents(TestContext.Current.CancellationToken));
        Assert.Equal(ExitTraceEnd.TimeLimit, trace.End);
        Assert.Equal([child.Id], trace.AliveIds);
    }

    [Fact]
    public void After_so_many_events_it_ends_and_was_detached_before_the_last_was_handed_over()
    {
        LoadableBpf.Require();
        using ExitTrace trace = ExitTrace.Start(new() { ParentIds = [Environment.ProcessId], MaxEvents = 3 });
        for (int i = 0; i < 5; i++)
            using (Child child = Child.Run(TestProgram.Victim, "exit", $"{i}"))
                child.Wait();
        List<string> seen = [];
        foreach (ExitEvent exit in trace.ReadEvents(TestContext.Current.CancellationToken))
        {
            seen.Add(exit.Status);
            // The program is attached as long as another event is wanted.
            if (seen.Count == 2)
                Assert.NotEmpty(BpfObjects.HeldBy(Environment.ProcessId, "link_id"));
            if (seen.Count == 3)
                Assert.Empty(BpfObjects.HeldBy(Environment.ProcessId, "link_id"));
        }
        Assert.Equal(["0", "code 1", "code 2"], seen);
        Assert.Equal(ExitTraceEnd.MaxEvents, trace.End);
        Assert.True(trace.IsCompleted);
        Assert.False(trace.TryRead(out _));
        Assert.True(trace.WaitForEvents(Timeout.InfiniteTimeSpan, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Events_that_the_name_filter_holds_back_do_not_count()
    {
        LoadableBpf.Require();
        using ExitTrace trace = ExitTrace.Start(new() { ParentIds = [Environment.ProcessId], MaxEvents = 1, NameFilter = name => name == "true" });
        foreach (string program in (string[])["false", "false", "true", "true"])
            using (Child child = Child.Run(program))
                child.Wait();
        Assert.Equal(["true"], trace.ReadEvents(TestContext.Current.CancellationToken).Select(exit => exit.Name));
    }

    [Fact]
    public void It_says_that_the_processes_are_gone_or_that_it_was_stopped()
    {
        LoadableBpf.Require();
        using (Child child = Child.StartHeld(TestProgram.Victim, "exit", "2"))
        using (ExitTrace trace = ExitTrace.Start(new() { Ids = [child.Id], TimeLimit = TimeSpan.FromDays(10_000) }))
        {
            child.WriteLine();
            Assert.Single(trace.ReadEvents(TestContext.Current.CancellationToken));
            Assert.Equal(ExitTraceEnd.NothingLeft, trace.End);
        }
        using ExitTrace stopped = ExitTrace.Start(new() { Users = [4_000_000_001] });
        stopped.Stop();
        Assert.Empty(stopped.ReadEvents(TestContext.Current.CancellationToken));
        Assert.Equal(ExitTraceEnd.Stopped, stopped.End);
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(-1, null)]
    [InlineData(null, -0.1)]
    [InlineData(null, 1_000_000_001.0)]
    public void A_limit_out_of_its_range_is_refused(int? maxEvents, double? seconds)
    {
        ExitTraceOptions options = new() { MaxEvents = maxEvents, TimeLimit = seconds is { } limit ? TimeSpan.FromSeconds(limit) : null };
        Assert.Equal(ExitTraceError.InvalidOption, Assert.Throws<ExitTraceException>(() => ExitTrace.Start(options)).Error);
    }
}
