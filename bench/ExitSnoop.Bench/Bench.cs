namespace ExitSnoop.Bench;

/// <summary>What all measurements share.</summary>
internal sealed class Bench
{
    internal required Workspace Workspace { get; init; }

    internal required Plan Plan { get; init; }

    /// <summary>The peers that work here.</summary>
    internal required IReadOnlyList<Tracer> Peers { get; init; }

    /// <summary>Whether there is a pwsh to measure the module in.</summary>
    internal required bool HasShell { get; init; }

    internal Samples Samples { get; } = new();

    /// <summary>The part that is being measured, as --only calls it.</summary>
    internal string Part { get; set; } = "";

    /// <summary>What the tables of docs/performance.md show.</summary>
    internal IReadOnlyList<Figure> Figures => figures;

    /// <summary>What else is to be told, a sentence each.</summary>
    internal List<string> Facts { get; } = [];

    /// <summary>Lines over the size of what happened.</summary>
    internal List<Series> Growth { get; } = [];

    private readonly List<Figure> figures = [];

    internal Tracer Basic => Tracer.Basic(Workspace);

    internal Tracer Everything => Tracer.Everything(Workspace);

    internal IEnumerable<Tracer> Tracers => [Basic, Everything, Tracer.Json(Workspace), .. Peers];

    internal static void Say(string text) => Console.Error.WriteLine($"bench: {text}");

    /// <summary>The range of the peers' medians, as text.</summary>
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

    /// <summary>Adds a figure by the median of what was measured.</summary>
    /// <param name="name">What it is.</param>
    /// <param name="metric">What was measured.</param>
    /// <param name="row">Of which tracer.</param>
    /// <param name="target">The most that it is to be; null where nothing is to be reached.</param>
    /// <param name="peers">The same of other tracers, as text.</param>
    /// <param name="value">What of the samples is told, in place of their median.</param>
    internal void AddFigure(string name, Metric metric, string row, double? target, string peers = "", Func<Summary, double>? value = null)
    {
        if (Samples.Of(metric, row) is not { } summary)
            return;
        double measured = (value ?? (all => all.Median))(summary);
        // What is told is what is compared.
        bool? met = target is { } most ? Math.Round(measured, 3) <= most : null;
        AddFigure(name, target is { } limit ? $"<= {metric.Text(limit)} {metric.Unit}" : "", $"{metric.Text(measured)} {metric.Unit}", met, peers);
    }

    internal void AddFigure(string name, string target, string measured, bool? met, string peers = "") =>
        figures.Add(new Figure(Part, name, target, measured, met, peers));
}

/// <summary>A figure.</summary>
/// <param name="Part">The part of the benchmark that measured it.</param>
/// <param name="Name">What it is.</param>
/// <param name="Target">What is to be reached; empty where nothing is.</param>
/// <param name="Measured">What was measured.</param>
/// <param name="Met">Whether that is reached; null where nothing is to be.</param>
/// <param name="Peers">The same of other tracers; empty where they have nothing of the kind.</param>
internal sealed record Figure(string Part, string Name, string Target, string Measured, bool? Met, string Peers);

/// <summary>A line of a chart over the number of events.</summary>
internal sealed record Series(Metric Metric, string Name, IReadOnlyList<(double Events, double Value)> Points);
