using System.Globalization;
using System.Text;

namespace ExitSnoop.Bench;

/// <summary>Writes all results as Markdown, with a chart for each metric.</summary>
internal sealed class Report(Bench bench, string folder)
{
    /// <summary>The metrics with charts of bars, and their targets.</summary>
    private static readonly Metric[] Charts =
    [
        Metric.SlowDown, Metric.LostShare, Metric.ToldShare, Metric.Cpu, Metric.Memory, Metric.KernelReported, Metric.KernelFiltered,
        Metric.FirstEvent, Metric.Latency, Arrivals.Tail(200), Metric.Burst, Metric.IdleCpu, Metric.Resident, Metric.Import,
    ];

    private static readonly Metric[] SideBySideColumns =
        [Metric.LostShare, Metric.ToldShare, Metric.SlowDown, Metric.UserCpu, Metric.SystemCpu, Metric.Memory];

    private static readonly Metric[] OtherColumns =
    [
        Metric.KernelReported, Metric.KernelFiltered, Metric.FirstEvent, Metric.Import, Metric.IdleCpu, Metric.Resident, Metric.StartMemory,
    ];

    private readonly StringBuilder text = new();

    /// <summary>Writes the charts and the text, and returns the text.</summary>
    /// <param name="command">The command that was run.</param>
    /// <param name="machine">See <see cref="Machine"/>.</param>
    /// <param name="missing">The tracers that were not measured, and why.</param>
    internal string Write(string command, IEnumerable<(string Name, string Value)> machine, IReadOnlyDictionary<string, string> missing)
    {
        Directory.CreateDirectory(folder);
        Line("# Measured");
        Line();
        Line($"By `{command}`: {bench.Plan.Rounds} rounds, all tracers in each of them, storms of {bench.Plan.Exits:#,0} exits; medians.");
        if (bench.Plan.IsQuick)
            Line("A quick run: too few rounds to rely on.");
        Line();
        Table(["", ""], machine.Select(line => (string[])[line.Name, line.Value]));
        foreach ((string peer, string reason) in missing)
            Line($"Not measured here: {peer} ({reason}).");
        if (missing.Count > 0)
            Line();

        Figures();
        SideBySideTable();
        MetricTable("In the kernel, from the start, idle", OtherColumns);
        MetricTable("From an exit to its event", [Metric.Latency, .. bench.Plan.Arrivals.Select(arrivals => Arrivals.Tail(arrivals.Rate)), Metric.Burst]);
        MetricTable("In a pipeline", [.. ModuleCost.Pipelines.Select(ModuleCost.Cost)]);
        GrowthTable();
        ChartList();

        string all = text.ToString();
        File.WriteAllText(Path.Join(folder, "results.md"), all);
        return all;
    }

    private void Figures()
    {
        if (bench.Figures.Count == 0)
            return;
        Line("## Figures");
        Line();
        Table(
            ["", "goal", "measured", "", "other tools"],
            bench.Figures.Select(figure => (string[])[figure.Name, figure.Target, figure.Measured, figure.Met switch { true => "met", false => "**missed**", null => "" }, figure.Peers]));
    }

    private void SideBySideTable()
    {
        string[] rows = [.. bench.Samples.Rows(Metric.SlowDown)];
        if (rows.Length == 0)
            return;
        Line("## Side by side");
        Line();
        Line($"A storm of {bench.Plan.Exits:#,0} vfork exits by two workers. Lost: of those that the generator reaped. Slow-down:");
        Line("the storm's time with the tracer by its time without, just before.");
        Line();
        MetricTable(rows, SideBySideColumns);
    }

    private void MetricTable(string title, IReadOnlyList<Metric> columns)
    {
        string[] rows = [.. columns.SelectMany(bench.Samples.Rows).Distinct()];
        if (rows.Length == 0)
            return;
        Line("## " + title);
        Line();
        MetricTable(rows, columns);
    }

    private void GrowthTable()
    {
        if (bench.Growth.Count > 0)
        {
            Line("## Growth");
            Line();
            double[] events = [.. bench.Growth[0].Points.Select(point => point.Events)];
            Table(
                ["", "", .. events.Select(count => count.ToString("#,0", CultureInfo.InvariantCulture))],
                bench.Growth.Select(series => (string[])[Code(series.Name), $"{series.Metric.Title} ({series.Metric.Unit})", .. series.Points.Select(point => series.Metric.Text(point.Value))]));
        }
        foreach (string fact in bench.Facts)
            Line(fact);
        if (bench.Facts.Count > 0)
            Line();
    }

    private void ChartList()
    {
        Chart chart = new(bench.Workspace, folder);
        List<string> files = [];
        foreach (Metric metric in Charts)
        {
            List<(string, Summary, bool)> rows = [.. bench.Samples.Rows(metric).Select(row => (row, bench.Samples.Of(metric, row)!, IsPeer(row)))];
            if (chart.Bars(metric, rows) is { } file)
                files.Add($"![{metric.Title}]({file})");
        }
        foreach (IGrouping<Metric, Series> group in bench.Growth.GroupBy(series => series.Metric))
            files.Add($"![{group.Key.Title}]({chart.Lines(group.Key, [.. group])})");
        if (files.Count == 0)
            return;
        Line("## Charts");
        Line();
        Line("Bars are medians, and thin lines reach from the lowest to the highest value. Blue is ExitSnoop.");
        Line();
        foreach (string file in files)
        {
            Line(file);
            Line();
        }
    }

    private bool IsPeer(string row) => bench.Peers.Any(peer => row.StartsWith(peer.Name, StringComparison.Ordinal));

    private void MetricTable(IEnumerable<string> rows, IReadOnlyList<Metric> columns) =>
        Table(
            ["", .. columns.Select(metric => $"{metric.Title}, {metric.Unit}")],
            rows.Select(row => (string[])[Code(row), .. columns.Select(metric => bench.Samples.Of(metric, row) is { } values ? metric.Text(values.Median) : "")]));

    private void Table(IReadOnlyList<string> header, IEnumerable<string[]> rows)
    {
        Line("| " + string.Join(" | ", header) + " |");
        Line("|" + string.Concat(Enumerable.Repeat(" --- |", header.Count)));
        foreach (string[] row in rows)
            Line("| " + string.Join(" | ", row.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal))) + " |");
        Line();
    }

    private static string Code(string name) => $"`{name}`";

    private void Line(string line = "") => text.Append(line).Append('\n');
}
