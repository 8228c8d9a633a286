namespace ExitSnoop.Tests.Kernel;

/// <summary>More than a thousand processes whose threads exit in every order have one event each.</summary>
[Collection(KernelTests.Name)]
public sealed class ThreadStormTests
{
    private const int Processes = 1500, ThreadsOfEach = 4;

    [Fact]
    public void Each_of_1500_processes_with_four_threads_is_reported_once_by_every_way_to_trace()
    {
        using Child storm = Child.StartHeld(TestProgram.Threads, "-j", "4", $"{Processes}", $"{ThreadsOfEach}");
        IReadOnlyDictionary<string, Recording> recordings =
            Fallback.ForAll(without => Recording.OfChildren(storm.Id, new() { Fallbacks = without }));
        storm.WriteLine();
        // "pid TAB status" of each, as waitpid gave it.
        string[] truth = [.. storm.Output.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
        storm.Wait();

        Assert.Equal(Processes, truth.Length);
        foreach ((string without, Recording recording) in recordings)
        {
            using (recording)
            {
                IReadOnlyList<ExitEvent> events = recording.Stop();
                string[] seen = [.. events
                    .Select(exit => string.Create(CultureInfo.InvariantCulture, $"{exit.Id}\t{exit.ExitCode << 8}"))
                    .Order(StringComparer.Ordinal)];
                Assert.True(truth.SequenceEqual(seen), $"Without {without}: {seen.Length} events, {recording.Trace.LostCount} lost.");
                Assert.All(events, exit => Assert.Equal(exit.Id, exit.ThreadId));
            }
        }
    }

    [Theory]
    [InlineData("None")]
    [InlineData("NoGroupDead")]
    public void Per_thread_each_thread_of_a_family_is_reported_once_those_too_that_pass_after_the_last(string without)
    {
        using Child storm = Child.StartHeld(TestProgram.Threads, "-j", "4", $"{Processes}", $"{ThreadsOfEach}");
        ExitTraceOptions family = new() { Ids = [storm.Id], IncludeChildren = true, PerThread = true, Fallbacks = Fallback.Parse(without) };
        using Recording all = Recording.OfChildren(storm.Id, new() { PerThread = true }), descendants = Recording.Start(family);
        storm.WriteLine();
        _ = storm.Output.ReadToEnd();
        storm.Wait();
        Assert.True(descendants.Ends(TimeSpan.FromSeconds(5)));
        Assert.Equal(Processes * ThreadsOfEach, all.Stop().Count);
        // Plus the storm itself, which is the root.
        Assert.Equal((Processes * ThreadsOfEach) + 1, descendants.Events.Count);
        Assert.Equal(0, descendants.Trace.LostCount);
    }
}
