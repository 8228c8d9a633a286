using System.Globalization;

namespace ExitSnoop.Bench;

/// <summary>
/// How soon after a death its event comes out, on a machine that does nothing else: of exits at random times, some a
/// second, and of the last of a script's commands.
/// </summary>
internal sealed class Arrivals(Bench bench)
{
    private const string Shell = "Watch-ProcessExit";

    /// <summary>The commands of a script.</summary>
    private const int Commands = 50;

    /// <summary>The rate whose median is told too.</summary>
    private const int MedianRate = 50;

    /// <summary>Exits before, for which a run-time compiles what it has not run yet.</summary>
    private const int WarmUp = 100;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Workspace workspace = bench.Workspace;

    /// <summary>The 99th percentile at so many exits a second.</summary>
    internal static Metric Tail(int rate) => new($"arrivals-{rate}", $"99th percentile at {rate:#,0} a second", "ms", "0.00");

    internal void Measure()
    {
        foreach (Tracer tracer in (Tracer[])[bench.Basic, bench.Everything, .. bench.Peers.Take(1)])
        {
            foreach ((int rate, int seconds) in bench.Plan.Arrivals)
            {
                using CommandRun run = CommandRun.Start(workspace, tracer.Prompt, Sink.Stamp);
                MeasureRate(tracer.Name, run, rate, seconds, run.Output!, 0);
            }
            MeasureScripts(tracer);
        }
        foreach ((int rate, int seconds) in bench.HasShell ? bench.Plan.Arrivals : [])
        {
            using PowerShellRun run = PowerShellRun.Start(workspace, PipelineSink.Clock, WarmUp + ((long)rate * seconds));
            MeasureRate(Shell, run, rate, seconds, run.Output, LibC.Now(LibC.ClockBoottime) - LibC.Now(LibC.ClockMonotonic));
        }

        foreach ((int rate, _) in bench.Plan.Arrivals)
            foreach (string row in (string[])[bench.Basic.Name, Shell])
                bench.AddFigure(
                    $"from an exit to its event, 99th percentile, {rate:#,0} a second: `{row}`", Tail(rate), row,
                    rate switch { < 1000 => 1, 1000 => 5, _ => 10 }, bench.PeerRange(Tail(rate)));
        bench.AddFigure(
            $"from the last exit of a script of {Commands} commands to its line: `{bench.Basic.Name}`", Metric.Burst, bench.Basic.Name, 1,
            bench.PeerRange(Metric.Burst));
    }

    /// <param name="row">What is measured.</param>
    /// <param name="run">The same, running.</param>
    /// <param name="rate">Exits a second.</param>
    /// <param name="seconds">For how long.</param>
    /// <param name="output">Lines with the time, and with the process's id before or behind its name.</param>
    /// <param name="offset">What to add to the times to get the clock that the deaths are told in.</param>
    private void MeasureRate(string row, TracerRun run, int rate, int seconds, string output, long offset)
    {
        Bench.Say($"from the death to the event: {row}, {rate} a second");
        Storm.Run(workspace, new StormOptions { Workers = 1, Count = WarmUp, Code = PowerShellRun.Code });
        Thread.Sleep(Pause);
        string file = workspace.NewFile();
        Storm storm = Storm.Run(workspace, new StormOptions
        {
            Workers = 1,
            Rate = rate,
            Seconds = seconds,
            Poisson = true,
            Code = PowerShellRun.Code,
            LatencyFile = file,
        });
        run.Finish(WarmUp + storm.Exits);
        List<double> milliseconds = Delays(Deaths(file), output, offset);
        Workspace.Discard(file);
        if (milliseconds.Count == 0)
            return;
        Summary all = new(milliseconds);
        bench.Samples.Add(Tail(rate), row, all.Percentile(99));
        if (rate == MedianRate)
            bench.Samples.Add(Metric.Latency, row, all.Median);
    }

    /// <summary>Commands that a shell executes one after the other; after a pause, as between the lines that a user types.</summary>
    private void MeasureScripts(Tracer tracer)
    {
        Bench.Say($"from the last death of a script to its event: {tracer.Name}");
        string loop = "i=0; while [ $i -lt $1 ]; do $2 $3; i=$((i + 1)); done";
        using CommandRun run = CommandRun.Start(workspace, tracer.Prompt, Sink.Stamp);
        LineCounter lines = new(run.Output!, tracer.Mark);
        for (int script = 1; script <= bench.Plan.Scripts; script++)
        {
            Thread.Sleep(Pause);
            string file = workspace.NewFile();
            File.WriteAllText(file, ChildProcess.Run(workspace, "sh", "-c", loop, "sh", $"{Commands}", workspace.Tool("stamp"), Storm.Name));
            lines.WaitFor(script * Commands, Patience);
            List<double> milliseconds = Delays(Deaths(file).TakeLast(1), run.Output!, 0);
            Workspace.Discard(file);
            if (milliseconds.Count > 0)
                bench.Samples.Add(Metric.Burst, tracer.Name, milliseconds[^1]);
        }
        run.Child.Interrupt();
    }

    /// <summary>Lines that begin with an id and end with the time of that process's death.</summary>
    private static IEnumerable<(int Id, long At)> Deaths(string file) => File.ReadLines(file).Select(line => line.Split(' '))
        .Select(fields => (int.Parse(fields[0], CultureInfo.InvariantCulture), long.Parse(fields[^1], CultureInfo.InvariantCulture)));

    /// <summary>Milliseconds from each death to its line. Ids come once in so few seconds.</summary>
    private static List<double> Delays(IEnumerable<(int Id, long At)> deaths, string output, long offset)
    {
        Dictionary<int, long> died = deaths.ToDictionary(death => death.Id, death => death.At);
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
        return milliseconds;
    }
}
