using System.Globalization;

namespace ExitSnoop.Bench;

/// <summary>How soon there is something: after the start, and after a death.</summary>
internal sealed class Promptness(Bench bench)
{
    private const string Shell = "Watch-ProcessExit";
    private const int DeathsPerSecond = 100, BackgroundRate = 1000;

    private readonly Workspace workspace = bench.Workspace;
    private readonly Samples samples = bench.Samples;

    internal void Measure()
    {
        MeasureFirstEvents();
        MeasureLatency();
        if (bench.HasShell)
            MeasureImport();

        bench.AddFigure(
            $"start to first event, `exitsnoop`, median of {bench.Plan.FirstEvents}", Metric.FirstEvent, bench.Basic.Name, 40,
            bench.PeerRange(Metric.FirstEvent));
        bench.AddFigure("import, load and attach in a running pwsh", Metric.Import, Shell, 150, "");
        foreach (string row in (string[])[bench.Basic.Name, Shell])
            bench.AddFigure(
                $"event out of `{row}` after the death, idle machine, 99th percentile", Metric.LatencyTail, row, 20,
                bench.PeerRange(Metric.LatencyTail));
    }

    /// <summary>With a thousand exits a second there is always one to report.</summary>
    private void MeasureFirstEvents()
    {
        Bench.Say("from the start to the first event");
        using ChildProcess storm = Storm.Start(workspace, new StormOptions { Workers = 1, Rate = BackgroundRate, Seconds = 250 });
        for (int i = 0; i < bench.Plan.FirstEvents; i++)
            foreach (Tracer tracer in bench.Tracers)
                if (!tracer.IsPeer || i < bench.Plan.ShellStarts)
                    MeasureFirstEvent(tracer.Name, tracer.Prompt);
        for (int i = 0; bench.HasShell && i < bench.Plan.ShellStarts; i++)
            MeasureFirstEvent("pwsh -Command Watch-ProcessExit", PowerShellRun.Command(workspace, "Lines"));
    }

    private void MeasureFirstEvent(string row, string[] command)
    {
        string time = ChildProcess.Run(workspace, [workspace.Tool("firstline"), Storm.Name, .. command]);
        samples.Add(Metric.FirstEvent, row, double.Parse(time, CultureInfo.InvariantCulture));
    }

    private void MeasureLatency()
    {
        long deaths = DeathsPerSecond * bench.Plan.LatencySeconds;
        foreach (Tracer tracer in bench.Tracers)
        {
            Bench.Say($"from the death to the event: {tracer.Name}");
            using CommandRun run = CommandRun.Start(workspace, tracer.Prompt, Sink.Stamp);
            MeasureLatency(tracer.Name, run, deaths, run.Output!, 0);
        }
        if (bench.HasShell)
        {
            Bench.Say($"from the death to the event: {Shell}");
            using PowerShellRun run = PowerShellRun.Start(workspace, PipelineSink.Clock, deaths);
            long toBoot = LibC.Now(LibC.ClockBoottime) - LibC.Now(LibC.ClockMonotonic);
            MeasureLatency(Shell, run, deaths, run.Output, toBoot);
        }
    }

    /// <param name="row">What is measured.</param>
    /// <param name="run">The same, running.</param>
    /// <param name="deaths">How many there shall be.</param>
    /// <param name="output">Lines with the time, and with the process's id before or behind its name.</param>
    /// <param name="offset">What to add to the times to get the clock that the deaths are told in.</param>
    private void MeasureLatency(string row, TracerRun run, long deaths, string output, long offset)
    {
        string file = workspace.NewFile();
        Storm.Run(workspace, new StormOptions
        {
            Workers = 1,
            Rate = DeathsPerSecond,
            Seconds = bench.Plan.LatencySeconds,
            Code = PowerShellRun.Code,
            LatencyFile = file,
        });
        run.Finish(deaths);

        // "PID START EXIT": ids come once in so few seconds.
        Dictionary<int, long> died = File.ReadLines(file)
            .Select(line => line.Split(' '))
            .ToDictionary(fields => int.Parse(fields[0], CultureInfo.InvariantCulture), fields => long.Parse(fields[2], CultureInfo.InvariantCulture));
        List<double> milliseconds = [];
        foreach (string line in File.ReadLines(output).Where(line => line.Contains(Storm.Name, StringComparison.Ordinal)))
        {
            string[] fields = line.Split([' ', ',', ':', '"', '{'], StringSplitOptions.RemoveEmptyEntries);
            long came = long.Parse(fields[0], CultureInfo.InvariantCulture) + offset;
            // The first number that is the id of one that died.
            long? death = fields.Skip(1)
                .Select(field => int.TryParse(field, CultureInfo.InvariantCulture, out int id) && died.TryGetValue(id, out long at) ? at : (long?)null)
                .FirstOrDefault(at => at is not null);
            if (death is { } exit)
                milliseconds.Add((came - exit) / 1e6);
        }
        Workspace.Discard(file);
        if (milliseconds.Count == 0)
            return;
        Summary all = new(milliseconds);
        samples.Add(Metric.Latency, row, all.Median);
        samples.Add(Metric.LatencyTail, row, all.Percentile(99));
    }

    private void MeasureImport()
    {
        Bench.Say("import, load and attach");
        for (int i = 0; i < bench.Plan.ShellStarts; i++)
        {
            string time = ChildProcess.Run(workspace, "pwsh", "-NoProfile", "-NonInteractive", "-File", workspace.Script("import.ps1"));
            samples.Add(Metric.Import, Shell, double.Parse(time, CultureInfo.InvariantCulture));
        }
    }
}
