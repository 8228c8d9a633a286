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

    /// <summary>The figures that are to be reached.</summary>
    internal List<Figure> Figures { get; } = [];

    /// <summary>What else is to be told, a sentence each.</summary>
    internal List<string> Facts { get; } = [];

    /// <summary>Lines over the size of what happened.</summary>
    internal List<Series> Growth { get; } = [];

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
    internal void AddFigure(string name, Metric metric, string row, double target, string peers, Func<Summary, double>? value = null)
    {
        if (Samples.Of(metric, row) is not { } summary)
            return;
        double measured = (value ?? (all => all.Median))(summary);
        // What is told is what is compared.
        bool met = Math.Round(measured, 3) <= target;
        Figures.Add(new Figure(name, $"<= {metric.Text(target)} {metric.Unit}", $"{metric.Text(measured)} {metric.Unit}", met, peers));
    }
}

/// <summary>A figure that is to be reached.</summary>
internal sealed record Figure(string Name, string Target, string Measured, bool Met, string Peers);

/// <summary>A line of a chart over the number of events.</summary>
internal sealed record Series(Metric Metric, string Name, IReadOnlyList<(double Events, double Value)> Points);
