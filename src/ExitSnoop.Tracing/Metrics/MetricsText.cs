using System.Globalization;
using System.Text;

namespace ExitSnoop.Metrics;

/// <summary>Writes the text format of Prometheus, version 0.0.4.</summary>
/// <param name="before">The values of the counters before this program was started, by their series. They are added to the counters.</param>
internal sealed class MetricsText(IReadOnlyDictionary<string, double> before)
{
    // Up to this number, a double represents every integer exactly.
    private const double Exact = 1L << 53;

    private readonly StringBuilder text = new();
    private string name = "";
    private bool isCounter;

    /// <summary>Begins a counter. Its name must end with "_total".</summary>
    internal void Counter(string name, string help) => Begin(name, "counter", help);

    /// <summary>Begins a gauge.</summary>
    internal void Gauge(string name, string help) => Begin(name, "gauge", help);

    /// <summary>Writes a series of the current metric.</summary>
    /// <param name="value">Its value; for a counter, the increase since this program was started.</param>
    /// <param name="labels">The names and values of its labels.</param>
    internal void Sample(double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        string series = Series(name, labels);
        double sum = isCounter ? value + before.GetValueOrDefault(series) : value;
        text.Append(series).Append(' ').Append(Number(sum)).Append('\n');
    }

    /// <summary>The name and labels of a series as they are written to the file. Also the key of its earlier value.</summary>
    internal static string Series(string name, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        if (labels.IsEmpty)
            return name;
        StringBuilder series = new(name);
        char before = '{';
        foreach ((string label, string value) in labels)
        {
            series.Append(before).Append(label).Append("=\"").Append(Escape(value)).Append('"');
            before = ',';
        }
        return series.Append('}').ToString();
    }

    /// <summary>The text so far.</summary>
    public override string ToString() => text.ToString();

    internal static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    internal static string Unescape(string value)
    {
        StringBuilder plain = new(value.Length);
        for (int i = 0; i < value.Length; i++)
            plain.Append(value[i] != '\\' || i + 1 == value.Length ? value[i] : value[++i] == 'n' ? '\n' : value[i]);
        return plain.ToString();
    }

    private void Begin(string name, string type, string help)
    {
        (this.name, isCounter) = (name, type == "counter");
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n');
        text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
    }

    private static string Number(double value) => value is >= -Exact and <= Exact && value == Math.Floor(value)
        ? ((long)value).ToString(CultureInfo.InvariantCulture)
        : value.ToString("R", CultureInfo.InvariantCulture);
}
