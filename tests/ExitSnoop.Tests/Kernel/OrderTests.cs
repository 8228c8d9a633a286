namespace ExitSnoop.Tests.Kernel;

/// <summary>Each processor writes to a ring of its own: the order of the deaths must come through.</summary>
[Collection(KernelTests.Name)]
public sealed class OrderTests
{
    private const int Rounds = 150;

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
