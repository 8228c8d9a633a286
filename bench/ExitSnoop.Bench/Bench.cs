namespace ExitSnoop.Bench;

/// <summary>The data that all measurements share.</summary>
internal sealed class Bench
{
    internal required Workspace Workspace { get; init; }

    internal required Plan Plan { get; init; }

    /// <summary>The other tracers that work on this machine.</summary>
    internal required IReadOnlyList<Tracer> Peers { get; init; }

    /// <summary>Whether there is a pwsh to measure the module in.</summary>
    internal required bool HasShell { get; init; }

    internal Samples Samples { get; } = new();

    /// <summary>The part that is being measured, by its name for --only.</summary>
    internal string Part { get; set; } = "";

    /// <summary>The figures for the tables of docs/performance.md.</summary>
    internal IReadOnlyList<Figure> Figures => figures;

    /// <summary>Further results, one sentence each.</summary>
    internal List<string> Facts { get; } = [];

    /// <summary>The lines of charts over the number of events.</summary>
    internal List<Series> Growth { get; } = [];

    private readonly List<Figure> figures = [];

    internal Tracer Basic => Tracer.Basic(Workspace);

    internal Tracer Everything => Tracer.Everything(Workspace);

    internal IEnumerable<Tracer> Tracers => [Basic, Everything, Tracer.Json(Workspace), .. Peers];

    internal static void Say(string text) => Console.Error.WriteLine($"bench: {text}");

    /// <summary>The range of the medians of the other tracers, as text.</summary>
    internal string PeerRange(Metric metric, string suffix = "")
    {
        double[] medians = [.. Peers.Select(peer => Samples.Of(metric, peer.Name + suffix)?.Median).OfType<double>().Order()];
        return medians.Length switch
        {
            0 => "",
            1 => metric.Text(medians[0]),
            _ => $"{metric.Text(medians[0])} to {metric.Text(medians[^1])}",
        };
    }

    /// <summary>Adds a figure: the median of the samples.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="metric">The metric.</param>
    /// <param name="row">The name of the tracer.</param>
    /// <param name="target">The highest allowed value; null if there is no target.</param>
    /// <param name="peers">The same figure of other tracers, as text.</param>
    /// <param name="value">Computes the figure from the samples, if it is not their median.</param>
    internal void AddFigure(string name, Metric metric, string row, double? target, string peers = "", Func<Summary, double>? value = null)
    {
        if (Samples.Of(metric, row) is not { } summary)
            return;
        double measured = (value ?? (all => all.Median))(summary);
        // The rounded value is compared, because that is what the table shows.
        bool? met = target is { } most ? Math.Round(measured, 3) <= most : null;
        AddFigure(name, target is { } limit ? $"<= {metric.Text(limit)} {metric.Unit}" : "", $"{metric.Text(measured)} {metric.Unit}", met, peers);
    }

    internal void AddFigure(string name, string target, string measured, bool? met, string peers = "") =>
        figures.Add(new Figure(Part, name, target, measured, met, peers));
}

/// <summary>A figure.</summary>
/// <param name="Part">The part of the benchmark that measured it.</param>
/// <param name="Name">Its name.</param>
/// <param name="Target">The target; empty if there is none.</param>
/// <param name="Measured">The measured value.</param>
/// <param name="Met">Whether the target is met; null if there is none.</param>
/// <param name="Peers">The same figure of other tracers; empty if they have none.</param>
internal sealed record Figure(string Part, string Name, string Target, string Measured, bool? Met, string Peers);

/// <summary>A line of a chart over the number of events.</summary>
internal sealed record Series(Metric Metric, string Name, IReadOnlyList<(double Events, double Value)> Points);
