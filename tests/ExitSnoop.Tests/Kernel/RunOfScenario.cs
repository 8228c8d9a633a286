using ExitSnoop.Tests.Kernel;

[assembly: AssemblyFixture(typeof(RunOfScenario))]

namespace ExitSnoop.Tests.Kernel;

/// <summary>
/// The program scenario, run once without and once with cores while traces of every kind watch it: of its
/// processes, of their threads, and basic ones, which load another program. Two identical traces
/// show that traces do not affect each other.
/// </summary>
public sealed class RunOfScenario
{
    private readonly Lazy<Observed> withoutCores = new(() => Run());
    private readonly Lazy<Observed> withCores = new(() => Run("--cores"));

    internal Observed Watch(bool cores)
    {
        LoadableBpf.Require();
        return cores ? withCores.Value : withoutCores.Value;
    }

    private static Observed Run(params string[] arguments)
    {
        // With a cgroup of its own, exits of other processes are not traced.
        using TestCgroup cgroup = TestCgroup.Create();
        using Child scenario = Child.StartHeld(TestProgram.Scenario, arguments);
        cgroup.Add(scenario);
        ExitTraceOptions options = new() { Cgroup = cgroup.CgroupPath }, family = new() { Ids = [scenario.Id], IncludeChildren = true, Basic = true };
        IReadOnlyDictionary<string, Recording> processes = Fallback.ForAll(without => Recording.Start(options with { Fallbacks = without }));
        IReadOnlyDictionary<string, Recording> threads = Fallback.ForAll(without => Recording.Start(options with { Fallbacks = without, PerThread = true }));
        IReadOnlyDictionary<string, Recording> basic = Fallback.ForAll(without => Recording.Start(family with { Fallbacks = without }));
        using Recording second = Recording.Start(options);
        scenario.WriteLine();
        string truth = scenario.Output.ReadToEnd();
        Assert.True(scenario.Wait().Status == 0, scenario.Errors.ReadToEnd());

        IReadOnlyList<ExitEvent> Finish(Recording recording)
        {
            using (recording)
            {
                recording.Of(scenario);
                recording.Stop();
                Assert.Equal(0, recording.Trace.LostCount);
                return [.. recording.Events.Where(exit => exit.Id != scenario.Id)];
            }
        }

        return new Observed(
            scenario.Id,
            DeathOfScenario.Parse(truth),
            processes.ToDictionary(each => each.Key, each => Finish(each.Value)),
            threads.ToDictionary(each => each.Key, each => Finish(each.Value)),
            basic.ToDictionary(each => each.Key, each => Finish(each.Value)),
            Finish(second));
    }

    internal sealed record Observed(
        int ScenarioId,
        IReadOnlyList<DeathOfScenario> Truth,
        IReadOnlyDictionary<string, IReadOnlyList<ExitEvent>> Processes,
        IReadOnlyDictionary<string, IReadOnlyList<ExitEvent>> Threads,
        IReadOnlyDictionary<string, IReadOnlyList<ExitEvent>> Basic,
        IReadOnlyList<ExitEvent> Second);
}
