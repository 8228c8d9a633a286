namespace ExitSnoop.Bench;

/// <summary>Measures CPU time and memory of all tracers at the same time while there are no exits.</summary>
internal sealed class Idle(Bench bench)
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(3);

    internal void Measure()
    {
        Bench.Say($"idle for {bench.Plan.IdleSeconds} s");
        List<(string Row, TracerRun Run)> runs = [];
        try
        {
            foreach (Tracer tracer in bench.Tracers)
                runs.Add((tracer.Name, tracer.Start(bench.Workspace, Sink.File)));
            if (bench.HasShell)
                runs.Add(("Watch-ProcessExit", PowerShellRun.Start(bench.Workspace, PipelineSink.Null, 1)));
            // Waits until the runtimes have finished the work after their start.
            Thread.Sleep(Rest);
            double[] before = [.. runs.Select(run => ProcessFigures.Cpu(run.Run.Child.Pid).Total)];
            long processes = Machine.ProcessesStarted();
            Thread.Sleep(TimeSpan.FromSeconds(bench.Plan.IdleSeconds));
            processes = Machine.ProcessesStarted() - processes;
            for (int i = 0; i < runs.Count; i++)
            {
                int pid = runs[i].Run.Child.Pid;
                bench.Samples.Add(Metric.IdleCpu, runs[i].Row, (ProcessFigures.Cpu(pid).Total - before[i]) * 60 / bench.Plan.IdleSeconds);
                bench.Samples.Add(Metric.Resident, runs[i].Row, ProcessFigures.ResidentMemory(pid) / 1e6);
                bench.Samples.Add(Metric.StartMemory, runs[i].Row, ProcessFigures.PeakMemory(pid) / 1e6);
            }
            foreach (string row in (string[])[bench.Basic.Name, "Watch-ProcessExit"])
                bench.AddFigure(
                    $"CPU of an idle `{row}`, {bench.Plan.IdleSeconds} s in which the machine started {processes} processes", Metric.IdleCpu, row, 0.1,
                    bench.PeerRange(Metric.IdleCpu));
            bench.AddFigure("memory of an idle `exitsnoop`", Metric.Resident, bench.Basic.Name, 7, bench.PeerRange(Metric.Resident));
            bench.AddFigure("its peak, at the start", Metric.StartMemory, bench.Basic.Name, 14, bench.PeerRange(Metric.StartMemory));
        }
        finally
        {
            foreach ((_, TracerRun run) in runs)
            {
                run.Child.Interrupt();
                run.Dispose();
            }
        }
    }
}
