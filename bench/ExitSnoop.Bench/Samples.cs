namespace ExitSnoop.Bench;

/// <summary>A metric of the benchmark.</summary>
/// <param name="Id">The name of the file of its chart.</param>
/// <param name="Title">The title of its chart.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Format">The format string of its numbers.</param>
internal sealed record Metric(string Id, string Title, string Unit, string Format)
{
    internal static readonly Metric SlowDown = new("slow-down", "Slow-down of a storm of exits", "times", "0.00");
    internal static readonly Metric LostShare = new("lost", "Events lost", "% of all exits", "0.##");
    internal static readonly Metric ToldShare = new("told", "Lost events that were reported", "% of those lost", "0.##");
    internal static readonly Metric UserCpu = new("cpu-user", "CPU time in user mode", "s per 100,000 events", "0.000");
    internal static readonly Metric SystemCpu = new("cpu-system", "CPU time in the kernel", "s per 100,000 events", "0.000");
    internal static readonly Metric Cpu = new("cpu", "CPU time of the tracer", "s per 100,000 events", "0.000");
    internal static readonly Metric Memory = new("memory", "Peak memory of the tracer", "MB", "0.0");
    internal static readonly Metric KernelReported = new("kernel-reported", "In the kernel, per reported exit", "ns", "#,0");
    internal static readonly Metric KernelFiltered = new("kernel-filtered", "In the kernel, per filtered exit", "ns", "#,0");
    internal static readonly Metric FirstEvent = new("first-event", "From the start to the first event", "ms", "#,0.0");
    internal static readonly Metric Latency = new("latency", "From an exit to its event, median at 50 a second", "ms", "0.00");
    internal static readonly Metric Burst = new("burst", "From the last exit of a script to its event", "ms", "0.00");
    internal static readonly Metric IdleCpu = new("idle-cpu", "CPU time of an idle watch", "s per minute", "0.000");
    internal static readonly Metric Resident = new("idle-memory", "Memory of an idle watch", "MB", "0.0");
    internal static readonly Metric StartMemory = new("start-memory", "Peak memory of an idle watch", "MB", "0.0");
    internal static readonly Metric Import = new("import", "Import, load and attach in a running pwsh", "ms", "0.0");

    /// <summary>A value as text. If it would be written as 0 without being 0, the text is "below" the smallest number of the format.</summary>
    internal string Text(double value) =>
        (IsTooSmall(value) ? "below " : "") + (IsTooSmall(value) ? Smallest : value).ToString(Format, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Whether the format has no number for a value but 0, which it is not.</summary>
    internal bool IsTooSmall(double value) => value > 0 && value < Smallest / 2;

    /// <summary>The smallest number of the format: 0.1 for the format 0.0.</summary>
    private double Smallest => Math.Pow(10, -(Format.Contains('.', StringComparison.Ordinal) ? Format.Length - Format.IndexOf('.', StringComparison.Ordinal) - 1 : 0));
}

/// <summary>The measured values: for each metric and row, one value per round.</summary>
internal sealed class Samples
{
    private readonly Dictionary<Metric, List<(string Row, List<double> Values)>> samples = [];

    internal void Add(Metric metric, string row, double value)
    {
        if (!samples.TryGetValue(metric, out List<(string Row, List<double> Values)>? rows))
            samples[metric] = rows = [];
        List<double>? values = rows.Find(other => other.Row == row).Values;
        if (values is null)
            rows.Add((row, values = []));
        values.Add(value);
    }

    /// <summary>The rows of a metric, in the order in which they were first measured.</summary>
    internal IEnumerable<string> Rows(Metric metric) => samples.TryGetValue(metric, out var rows) ? rows.Select(row => row.Row) : [];

    /// <summary>The values of a metric for a row; null if they were not measured.</summary>
    internal Summary? Of(Metric metric, string row) =>
        samples.TryGetValue(metric, out var rows) && rows.Find(other => other.Row == row).Values is { } values ? new Summary(values) : null;
}

/// <summary>Statistics of several values.</summary>
internal sealed class Summary
{
    private readonly double[] sorted;

    internal Summary(IEnumerable<double> values) => sorted = [.. values.Order()];

    internal int Count => sorted.Length;

    internal double Minimum => sorted[0];

    internal double Maximum => sorted[^1];

    internal double Median => sorted.Length % 2 == 1
        ? sorted[sorted.Length / 2]
        : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;

    /// <summary>The smallest value that this percentage of the values does not exceed.</summary>
    internal double Percentile(double percent) =>
        sorted[Math.Clamp((int)Math.Ceiling(percent / 100 * sorted.Length) - 1, 0, sorted.Length - 1)];
}
