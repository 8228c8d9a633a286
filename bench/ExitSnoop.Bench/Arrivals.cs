using System.Globalization;

namespace ExitSnoop.Bench;

/// <summary>
/// Measures how soon after an exit its event is shown, on a machine that does nothing else: for exits at random times with
/// several rates, and for the last command of a script.
/// </summary>
internal sealed class Arrivals(Bench bench)
{
    private const string Shell = "Watch-ProcessExit";

    /// <summary>The commands of a script.</summary>
    private const int Commands = 50;

    /// <summary>The rate for which the median is reported, too.</summary>
    private const int MedianRate = 50;

    /// <summary>Exits before the measurement, so that a runtime has compiled its code.</summary>
    private const int WarmUp = 100;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Workspace workspace = bench.Workspace;

    /// <summary>The 99th percentile at this many exits a second.</summary>
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

    /// <param name="row">The name of the tracer.</param>
    /// <param name="run">The running tracer.</param>
    /// <param name="rate">Exits a second.</param>
    /// <param name="seconds">How long to measure.</param>
    /// <param name="output">A file of lines with the time, and with the process ID before or after the name.</param>
    /// <param name="offset">The number to add to these times to get the clock of the exit times.</param>
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

    /// <summary>Measures commands that a shell executes one after the other, with a pause before them, as between lines that a user types.</summary>
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

    /// <summary>Reads lines that begin with a process ID and end with the time of its exit.</summary>
    private static IEnumerable<(int Id, long At)> Deaths(string file) => File.ReadLines(file).Select(line => line.Split(' '))
        .Select(fields => (int.Parse(fields[0], CultureInfo.InvariantCulture), long.Parse(fields[^1], CultureInfo.InvariantCulture)));

    /// <summary>The milliseconds from each exit to its line. IDs are not reused in these few seconds.</summary>
    private static List<double> Delays(IEnumerable<(int Id, long At)> deaths, string output, long offset)
    {
        Dictionary<int, long> died = deaths.ToDictionary(death => death.Id, death => death.At);
        List<double> milliseconds = [];
        foreach (string line in File.ReadLines(output).Where(line => line.Contains(Storm.Name, StringComparison.Ordinal)))
        {
            string[] fields = line.Split([' ', ',', ':', '"', '{'], StringSplitOptions.RemoveEmptyEntries);
            long came = long.Parse(fields[0], CultureInfo.InvariantCulture) + offset;
            // The first number that is the ID of a process that exited.
            long? death = fields.Skip(1)
                .Select(field => int.TryParse(field, CultureInfo.InvariantCulture, out int id) && died.TryGetValue(id, out long at) ? at : (long?)null)
                .FirstOrDefault(at => at is not null);
            if (death is { } exit)
                milliseconds.Add((came - exit) / 1e6);
        }
        return milliseconds;
    }
}
