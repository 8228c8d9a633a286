
namespace ExitSnoop.Bench;

/// <summary>Measures 1, 2, 4 and 8 times as many events, to show that the resources of a tracer grow at most linearly.</summary>
internal sealed class Growth(Bench bench)
{
    private static readonly int[] Factors = [1, 2, 4, 8];

    private static readonly Metric Cpu = new("growth-cpu", "CPU time", "s", "0.00");
    private static readonly Metric Elapsed = new("growth-time", "Time from the first exit to the last event", "s", "0.00");
    private static readonly Metric Memory = new("growth-memory", "Peak memory", "MB", "0");
    private static readonly Metric Queue = new("growth-queue", "Memory of events that wait for their reader", "MB", "0.0");

    private readonly Workspace workspace = bench.Workspace;

    internal void Measure()
    {
        foreach (Tracer tracer in (Tracer[])[bench.Basic, bench.Everything])
            Follow(tracer.Name + SideBySide.ToFile, _ => tracer.Start(workspace, Sink.File));
        if (bench.HasShell)
            Follow(SideBySide.ShellRow(PipelineSink.Csv), exits => PowerShellRun.Start(workspace, PipelineSink.Csv, exits));
        foreach (Tracer tracer in (Tracer[])[bench.Basic, bench.Everything])
            FollowQueue(tracer);
    }

    private void Follow(string name, Func<long, TracerRun> start)
    {
        List<(double, double)> cpu = [], elapsed = [], memory = [];
        foreach (int factor in Factors)
        {
            long exits = factor * bench.Plan.GrowthUnit;
            Bench.Say($"growth: {name}, {exits} exits");
            using TracerRun run = start(exits);
            long begin = System.Diagnostics.Stopwatch.GetTimestamp();
            Storm storm = Storm.Run(workspace, new StormOptions { Count = exits, Code = PowerShellRun.Code });
            Outcome outcome = run.Finish(storm.Exits);
            if (outcome.Seen != storm.Exits)
                throw new BenchException($"{name} lost {storm.Exits - outcome.Seen} of {storm.Exits}.");
            cpu.Add((exits, outcome.Cpu.Total));
            elapsed.Add((exits, (outcome.AllSeen - begin) / (double)System.Diagnostics.Stopwatch.Frequency));
            memory.Add((exits, outcome.PeakMemory / 1e6));
        }
        bench.Growth.AddRange([new Series(Cpu, name, cpu), new Series(Elapsed, name, elapsed), new Series(Memory, name, memory)]);
    }

    /// <summary>The reader is stopped, so all events that do not fit into the pipe wait in the queue of the tracer.</summary>
    private void FollowQueue(Tracer tracer)
    {
        List<(double Events, double Value)> memory = [];
        foreach (int factor in Factors)
        {
            long exits = factor * bench.Plan.GrowthUnit;
            Bench.Say($"growth: {tracer.Name}, {exits} exits that wait");
            using CommandRun run = tracer.Start(workspace, Sink.SlowReader);
            long before = ProcessFigures.OwnMemory(run.Child.Pid);
            run.Reader!.Signal(LibC.SIGSTOP);
            Storm.Run(workspace, new StormOptions { Count = exits });
            // Longer than the interval between two reads of the ring buffers.
            Thread.Sleep(500);
            memory.Add((exits, (ProcessFigures.OwnMemory(run.Child.Pid) - before) / 1e6));
        }
        bench.Growth.Add(new Series(Queue, tracer.Name, memory));
        double slope = (memory[^1].Value - memory[0].Value) * 1e6 / (memory[^1].Events - memory[0].Events);
        bench.Facts.Add($"Memory of an event that waits in the queue, `{tracer.Name}`: {slope:0} bytes.");
    }
}
