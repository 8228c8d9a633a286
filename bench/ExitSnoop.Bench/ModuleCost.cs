using System.Globalization;

namespace ExitSnoop.Bench;

/// <summary>
/// Measures the CPU time of events in a PowerShell pipeline, compared with objects of a plain class that has the same properties and
/// values; see bench/pipeline.ps1.
/// </summary>
internal sealed class ModuleCost(Bench bench)
{
    private const string Plain = "objects of a plain class", Events = "ExitEvent";

    /// <summary>The pipelines, with the targets for an event: in microseconds, and as a multiple of the time of a plain object.</summary>
    private static readonly (string Name, double? Most, double? Ratio)[] Targets =
        [("Out-Null", null, null), ("Where-Object Signal -eq SEGV", 5, null), ("Export-Csv", null, 1.2), ("Format-Table", null, 1.2)];

    private readonly Workspace workspace = bench.Workspace;

    internal static IEnumerable<string> Pipelines => Targets.Select(target => target.Name);

    /// <summary>The CPU time of an object in a pipeline.</summary>
    internal static Metric Cost(string pipeline) => new($"pipeline-{pipeline}", $"{pipeline}, CPU time of an object", "us", "0.0");

    internal void Measure()
    {
        if (!bench.HasShell)
            throw new BenchException("there is no pwsh");
        Bench.Say("events in a pipeline");
        string told = ChildProcess.Run(
            workspace, "pwsh", "-NoProfile", "-NonInteractive", "-File", workspace.Script("pipeline.ps1"), workspace.Tool("storm"),
            $"{bench.Plan.PipelineObjects}", $"{bench.Plan.PipelineRounds}");
        // One line for each round of each pipeline: "events plain name".
        foreach (string[] words in told.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ', 3)))
        {
            bench.Samples.Add(Cost(words[2]), Events, double.Parse(words[0], CultureInfo.InvariantCulture));
            bench.Samples.Add(Cost(words[2]), Plain, double.Parse(words[1], CultureInfo.InvariantCulture));
        }
        foreach ((string name, double? most, double? ratio) in Targets)
        {
            if (bench.Samples.Of(Cost(name), Events) is not { } events || bench.Samples.Of(Cost(name), Plain) is not { } plain)
                continue;
            double times = events.Median / plain.Median;
            Metric metric = Cost(name);
            string cost = metric.Text(events.Median);
            bench.AddFigure(
                $"CPU time of an event, `| {name}`, and against a plain object",
                most is not null ? $"<= {most:0.0} us" : ratio is not null ? $"<= {ratio:0.0} times" : "",
                // If both costs are too small to be measured, there is no ratio.
                metric.IsTooSmall(events.Median) && metric.IsTooSmall(plain.Median) ? $"{cost} us, as a plain object" : $"{cost} us; {times:0.00} times",
                most is not null ? Math.Round(events.Median, 1) <= most : ratio is not null ? Math.Round(times, 2) <= ratio : null);
        }
        Live();
    }

    /// <summary>Measures the whole way from the kernel to the end of the pipeline, without the start.</summary>
    private void Live()
    {
        const long exits = 100_000;
        const string row = "Watch-ProcessExit | Out-Null, 100,000 exits";
        for (int round = 0; round < bench.Plan.PipelineRounds; round++)
        {
            using PowerShellRun run = PowerShellRun.Start(workspace, PipelineSink.Null, exits);
            Storm.Run(workspace, new StormOptions { Count = exits, Code = PowerShellRun.Code });
            bench.Samples.Add(Metric.Cpu, row, run.Finish(exits).Cpu.Total);
        }
        bench.AddFigure("CPU time of `Watch-ProcessExit | Out-Null` after the start", Metric.Cpu, row, 0.35);
    }
}
