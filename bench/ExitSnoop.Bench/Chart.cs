using System.Globalization;
using System.Text;

namespace ExitSnoop.Bench;

/// <summary>Draws charts with gnuplot, in colours that are readable on white and on black.</summary>
internal sealed class Chart(Workspace workspace, string folder)
{
    private const string Ink = "#7d8590", Ours = "#2f81f7", Theirs = "#bc8c00";

    /// <summary>If the longest bar is more than this many times as long as the shortest, the axis is logarithmic.</summary>
    private const double LinearRange = 30;

    private static readonly string[] LineColours = ["#2f81f7", "#db6d28", "#2da44e", "#a371f7"];

    /// <summary>Draws a bar for each row: the median, with the range from the smallest to the largest value.</summary>
    /// <returns>The name of the file; null if there is nothing to draw.</returns>
    internal string? Bars(Metric metric, IReadOnlyList<(string Name, Summary Values, bool IsPeer)> rows)
    {
        if (rows.Count == 0)
            return null;
        double most = rows.Max(row => row.Values.Maximum), least = rows.Min(row => row.Values.Median);
        bool logarithmic = least > 0 && most / least > LinearRange;
        double first = logarithmic ? Math.Pow(10, Math.Floor(Math.Log10(least)) - 0.3) : 0;
        double last = most * (logarithmic ? 6 : 1.25);
        if (last <= 0)
            last = 1;

        StringBuilder script = Begin(metric.Id, 150 + (26 * rows.Count));
        script.AppendLine(CultureInfo.InvariantCulture, $"""
            set title "{metric.Title} ({metric.Unit}{(logarithmic ? ", logarithmic" : "")})" textcolor rgb "{Ink}"
            set yrange [{rows.Count - 0.3}:-0.7]
            set xrange [{Number(first)}:{Number(last)}]
            {(logarithmic ? "set logscale x" : "")}
            set ytics nomirror textcolor rgb "{Ink}" ({string.Join(", ", rows.Select((row, i) => $"\"{row.Name}\" {i}"))})
            set style fill solid 0.85 noborder
            unset key
            """);
        script.AppendLine("$bars << end");
        for (int i = 0; i < rows.Count; i++)
            script.AppendLine(CultureInfo.InvariantCulture, $"{i} {Number(Math.Max(rows[i].Values.Median, first))} {Number(Math.Max(rows[i].Values.Minimum, first))} {Number(rows[i].Values.Maximum)} {(rows[i].IsPeer ? 1 : 0)} \"{metric.Text(rows[i].Values.Median)}\"");
        script.AppendLine("end");
        script.AppendLine(CultureInfo.InvariantCulture, $"""
            plot $bars using ($2/2.0):1:({Number(first)}):2:($1-0.34):($1+0.34):(int($5) ? 0x{Theirs[1..]} : 0x{Ours[1..]}) with boxxyerror linecolor rgb variable, \
                 $bars using 2:1:3:4 with xerrorbars pointtype 0 linewidth 1.5 linecolor rgb "{Ink}", \
                 $bars using 4:1:6 with labels left offset 0.6,0 textcolor rgb "{Ink}"
            """);
        return Draw(metric.Id, script);
    }

    /// <summary>Draws values over the number of events.</summary>
    internal string Lines(Metric metric, IReadOnlyList<Series> series)
    {
        StringBuilder script = Begin(metric.Id, 360);
        script.AppendLine(CultureInfo.InvariantCulture, $"""
            set title "{metric.Title} ({metric.Unit}) for 1, 2, 4 and 8 times the events" textcolor rgb "{Ink}"
            set ytics nomirror textcolor rgb "{Ink}"
            set xlabel "events" textcolor rgb "{Ink}"
            set format x "%.0f"
            set xrange [0:*]
            set yrange [0:*]
            set key top left textcolor rgb "{Ink}"
            """);
        for (int i = 0; i < series.Count; i++)
        {
            script.AppendLine(CultureInfo.InvariantCulture, $"$line{i} << end");
            foreach ((double events, double value) in series[i].Points)
                script.AppendLine(CultureInfo.InvariantCulture, $"{Number(events)} {Number(value)}");
            script.AppendLine("end");
        }
        script.AppendLine("plot " + string.Join(", ", series.Select((line, i) =>
            $"$line{i} with linespoints linewidth 2 pointtype 7 pointsize 0.6 linecolor rgb \"{LineColours[i % LineColours.Length]}\" title \"{line.Name}\"")));
        return Draw(metric.Id, script);
    }

    private StringBuilder Begin(string id, int height) => new StringBuilder().AppendLine(CultureInfo.InvariantCulture, $"""
        set terminal svg size 860,{height} dynamic enhanced font "sans-serif,13"
        set output "{Path.Join(folder, id + ".svg")}"
        set termoption noenhanced
        set border 3 linecolor rgb "{Ink}"
        set tics textcolor rgb "{Ink}"
        set xtics nomirror
        set grid xtics linecolor rgb "{Ink}" linewidth 0.3 dashtype 3
        """);

    private string Draw(string id, StringBuilder script)
    {
        string file = workspace.NewFile();
        File.WriteAllText(file, script.ToString());
        ChildProcess.Run(workspace, "gnuplot", file);
        return id + ".svg";
    }

    private static string Number(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);
}
