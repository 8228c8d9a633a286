namespace ExitSnoop.Tests.Kernel;

/// <summary>Whatever happens to the reader, the events that were read and those reported as lost add up to all exits.</summary>
[Collection(KernelTests.Name)]
public sealed class LossTests
{
    private const int Exits = 6000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_reader_that_is_suspended_counts_exactly_what_it_missed(bool basic)
    {
        int exits = basic ? 5 * Exits : Exits;
        using Child storm = Hold(exits);
        using Tracer tracer = Tracer.Start(["--parent", $"{storm.Id}", "--buffer", "1", .. basic ? ["--basic"] : Array.Empty<string>()]);
        tracer.Process.Kill(Signal.STOP);
        Release(storm);
        tracer.Process.Kill(Signal.CONT);
        int seen = tracer.Finish().Count;
        Assert.Equal(exits, seen + tracer.LostCount);
        Assert.InRange(tracer.LostCount, 1, exits - 1000);
    }

    /// <summary>The records of execs take room in the buffers, too, but are no events.</summary>
    [Fact]
    public void A_reader_that_is_suspended_counts_exactly_the_exits_that_it_missed_where_execs_are_recorded()
    {
        using Storm storm = Storm.Prepare("--kind", "exec", "--count", "2000");
        using Tracer tracer = Tracer.Start("--id", $"{storm.Id}", "--children", "--to-the-end", "--buffer", "1", "--without", $"{(int)ExitProgramFallbacks.NoGroupDead}");
        tracer.Process.Kill(Signal.STOP);
        storm.Release();
        int exits = storm.Wait();
        tracer.Process.Kill(Signal.CONT);
        int seen = tracer.Finish(stop: false).Count;
        Assert.Equal(exits, seen + tracer.LostCount);
        Assert.InRange(tracer.LostCount, 1, exits - 100);
    }

    [Fact]
    public void With_room_enough_a_reader_that_was_suspended_has_missed_nothing()
    {
        using Child storm = Hold(Exits);
        using Tracer tracer = Tracer.Start("--parent", $"{storm.Id}");
        tracer.Process.Kill(Signal.STOP);
        Release(storm);
        tracer.Process.Kill(Signal.CONT);
        Assert.Equal(Exits, tracer.Finish().Count);
        Assert.Equal(0, tracer.LostCount);
    }

    [Fact]
    public void With_little_memory_events_that_nobody_reads_are_dropped_and_counted()
    {
        LoadableBpf.Require();
        const int exits = 3 * Exits;
        using Child storm = Hold(exits);
        // The heap has 8 MiB, and the queue may use a quarter of it.
        Dictionary<string, string?> small = new() { ["DOTNET_GCHeapHardLimit"] = "800000" };
        string[] arguments = [.. Tracer.Command[1..], "--parent", $"{storm.Id}", "--hold"];
        using Tracer tracer = new(Child.Start(Tracer.Command[0], arguments.Select(Encoding.UTF8.GetBytes), small));
        tracer.AwaitAttached();
        Release(storm);
        int seen = tracer.Finish().Count;
        Assert.Equal(exits, seen + tracer.LostCount);
        Assert.InRange(tracer.LostCount, 1, exits - 100);
    }

    [Fact]
    public void A_slow_reader_loses_nothing_as_events_wait_in_memory()
    {
        LoadableBpf.Require();
        const int exits = 2 * Exits;
        using Child storm = Hold(exits);
        using ExitTrace trace = ExitTrace.Start(new() { ParentIds = [storm.Id], BufferSize = 2 });
        Release(storm);
        // All records together are more than the ring buffer has room for.
        Eventually.True(() => trace.QueuedBytes > 3 << 20, "The reader leaves events in the ring.");
        trace.Stop();
        Assert.InRange(trace.QueuedBytes, 3 << 20, 64 << 20);
        Assert.Equal(exits, trace.ReadEvents().Count());
        Assert.Equal(0, trace.LostCount);
        Assert.Equal(0, trace.QueuedBytes);
    }

    private static Child Hold(int exits)
    {
        LoadableBpf.Require();
        return Child.StartHeld(TestProgram.Threads, "-j", "4", $"{exits}", "1");
    }

    private static void Release(Child storm)
    {
        storm.WriteLine();
        _ = storm.Output.ReadToEnd();
        Assert.Equal(0, storm.Wait().Status);
    }
}
