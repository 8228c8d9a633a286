namespace ExitSnoop.Bench;

/// <summary>
/// Measures the same storm with every tracer, in several rounds: what the tracer loses, how much it slows the storm down, and
/// which resources it uses itself. Before each storm there is the same one without a tracer, so that other load on the machine
/// affects both.
/// </summary>
internal sealed class SideBySide(Bench bench)
{
    internal const string ToNull = " > /dev/null", ToFile = " > file", ToSlowReader = " | 10,000 lines/s";

    private readonly Workspace workspace = bench.Workspace;
    private readonly Samples samples = bench.Samples;

    internal static string ShellRow(PipelineSink sink) => sink switch
    {
        PipelineSink.Csv => "Watch-ProcessExit | Export-Csv",
        PipelineSink.Table => "Watch-ProcessExit | Format-Table > file",
        _ => "Watch-ProcessExit | Out-Null",
    };

    internal void Measure()
    {
        // Some measurements are made in more rounds than others.
        List<(string Name, Func<TracerRun> Start)> slowDown = [], rows = [], slow = [];
        foreach (Tracer tracer in bench.Tracers)
        {
            slowDown.Add((tracer.Name + ToNull, () => tracer.Start(workspace, Sink.Null)));
            rows.Add((tracer.Name + ToFile, () => tracer.Start(workspace, Sink.File)));
            slow.Add((tracer.Name + ToSlowReader, () => tracer.Start(workspace, Sink.SlowReader)));
        }
        if (bench.HasShell)
            foreach (PipelineSink sink in (PipelineSink[])[PipelineSink.Null, PipelineSink.Csv, PipelineSink.Table])
                slow.Add((ShellRow(sink), () => PowerShellRun.Start(workspace, sink, bench.Plan.Exits)));

        for (int round = 1; round <= bench.Plan.SlowDownRounds; round++)
        {
            Bench.Say($"side by side, round {round} of {bench.Plan.SlowDownRounds}");
            foreach ((string name, Func<TracerRun> start) in
                (IEnumerable<(string, Func<TracerRun>)>)[.. slowDown, .. round <= bench.Plan.Rounds ? rows : [], .. round <= bench.Plan.LossRounds ? slow : []])
                MeasureOne(name, start);
        }

        (Tracer Tracer, double SlowDown, double Cpu)[] targets = [(bench.Basic, 1.10, 0.06), (bench.Everything, 1.15, 0.15), (Tracer.Json(workspace), 1.20, 0.30)];
        foreach ((Tracer tracer, double slowest, _) in targets)
            bench.AddFigure(
                $"slow-down of a two-worker vfork storm, `{tracer.Name}` into /dev/null", Metric.SlowDown, tracer.Name + ToNull, slowest,
                bench.PeerRange(Metric.SlowDown, ToNull));
        foreach (Tracer tracer in (Tracer[])[bench.Basic, bench.Everything])
            bench.AddFigure(
                $"lost of {bench.Plan.Exits:#,0}, `{tracer.Name}`, slow reader", Metric.LostShare, tracer.Name + ToSlowReader, 0,
                bench.PeerRange(Metric.LostShare, ToSlowReader), all => all.Maximum);
        foreach ((Tracer tracer, _, double most) in targets)
            bench.AddFigure(
                $"user CPU, `{tracer.Name}` into a file", Metric.UserCpu, tracer.Name + ToFile, most, bench.PeerRange(Metric.UserCpu, ToFile));
    }

    private void MeasureOne(string row, Func<TracerRun> start)
    {
        StormOptions options = new() { Count = bench.Plan.Exits, Code = PowerShellRun.Code };
        double alone = Storm.Run(workspace, options).Elapsed;
        using TracerRun run = start();
        Storm storm = Storm.Run(workspace, options);
        Outcome outcome = run.Finish(storm.Exits);

        samples.Add(Metric.SlowDown, row, storm.Elapsed / alone);
        double per = 100_000.0 / storm.Exits;
        samples.Add(Metric.UserCpu, row, outcome.Cpu.User * per);
        samples.Add(Metric.SystemCpu, row, outcome.Cpu.System * per);
        samples.Add(Metric.Cpu, row, outcome.Cpu.Total * per);
        samples.Add(Metric.Memory, row, outcome.PeakMemory / 1e6);
        if (outcome.Seen is not { } seen)
            return;
        long lost = storm.Exits - seen;
        samples.Add(Metric.LostShare, row, 100.0 * lost / storm.Exits);
        if (lost > 0)
            samples.Add(Metric.ToldShare, row, 100.0 * Math.Min(lost, outcome.ToldLost) / lost);
    }
}
