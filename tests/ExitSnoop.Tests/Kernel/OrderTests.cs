using System.Runtime.InteropServices;

namespace ExitSnoop.Tests.Kernel;

/// <summary>Events are in the order of the exits, whether each processor has a ring buffer of its own or several share one.</summary>
[Collection(KernelTests.Name)]
public sealed class OrderTests
{
    private const int Rounds = 75;

    [Theory]
    [InlineData(16, false)]
    [InlineData(16, true)]
    // All processors share one ring, as several do on a machine with more than eight processors.
    [InlineData(1, false)]
    [InlineData(1, true)]
    public void Events_come_in_the_order_of_their_exit_times(int bufferSize, bool basic)
    {
        using Child storm = Child.StartHeld(TestProgram.Threads, "-j", "6", "3000", "2");
        using Recording recording = Recording.Start(new() { ParentIds = [storm.Id], PerThread = true, BufferSize = bufferSize, Basic = basic });
        storm.WriteLine();
        _ = storm.Output.ReadToEnd();
        storm.Wait();
        IReadOnlyList<ExitEvent> events = recording.Stop();
        Assert.Equal(6000, events.Count + recording.Trace.LostCount);
        ulong last = 0;
        Assert.All(events, exit =>
        {
            Assert.InRange(exit.ExitTimestamp, last, ulong.MaxValue);
            last = exit.ExitTimestamp;
        });
    }

    [Fact]
    public void An_event_is_held_back_while_an_older_record_may_be_on_its_way_and_not_for_ever()
    {
        LoadableBpf.Require();
        ExitTraceOptions options = new() { ParentIds = [Environment.ProcessId] };
        using ExitProgram program = ExitProgram.Start(options.ForProgram(), CgroupHierarchy.Find());
        List<int> handedOut = [];
        RecordHandler handler = bytes => handedOut.Add((int)MemoryMarshal.AsRef<ExitRecord>(bytes).Pid);
        ref long writers = ref program.Shared.Writers(0);
        // Simulates a program that has read the clock and not sent its record. On a busy machine the reader
        // comes so late that it does not wait any more, so the best of several attempts counts.
        bool held = false;
        for (int attempt = 0; attempt < 20 && !held; attempt++)
        {
            handedOut.Clear();
            Interlocked.Increment(ref writers);
            using Child child = Child.Run(TestProgram.Victim, "exit", "0");
            program.Source.Drain(handler);
            held = handedOut.Count == 0 && program.Source.HasHeld;
            Interlocked.Decrement(ref writers);
            program.Source.Drain(handler);
            Assert.Equal([child.Id], handedOut);
            Assert.False(program.Source.HasHeld);
        }
        Assert.True(held);

        Interlocked.Increment(ref writers);
        using Child last = Child.Run(TestProgram.Victim, "exit", "0");
        Thread.Sleep((int)(RingBuffers.Patience / 1_000_000) + 1);
        program.Source.Drain(handler);
        Assert.Equal(last.Id, handedOut[^1]);
    }

    [Fact]
    public void A_parent_comes_after_the_child_that_it_waited_for_on_another_processor()
    {
        if (Environment.ProcessorCount < 2)
            Assert.Skip("a machine with one processor has one ring");
        using Recording recording = Recording.Start(new() { Basic = true });
        // The parent on one processor and its child on the other, and the other way round.
        using Child families = Child.Run("sh", "-c", $"""
            for i in $(seq {Rounds}); do
                taskset -c 0 sh -c 'taskset -c 1 true; :'
                taskset -c 1 sh -c 'taskset -c 0 true; :'
            done
            """);
        Assert.Equal(0, families.Wait().Status);
        recording.Of(families);
        IReadOnlyList<ExitEvent> events = recording.Stop();

        Dictionary<int, ExitEvent> children = [];
        int parents = 0;
        foreach (ExitEvent exit in events.Where(exit => exit.StartTimestamp >= families.StartedAfter))
        {
            if (exit.ParentId == families.Id && exit.Name == "sh")
            {
                Assert.True(children.Remove(exit.Id, out ExitEvent? child), $"{exit} came before its child.");
                Assert.True(child.ExitTime <= exit.ExitTime);
                parents++;
            }
            children[exit.ParentId] = exit;
        }
        Assert.Equal(2 * Rounds, parents);
    }
}
