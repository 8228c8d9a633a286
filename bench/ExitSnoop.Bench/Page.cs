using System.Text;
using System.Text.RegularExpressions;

namespace ExitSnoop.Bench;

/// <summary>
/// Writes the tables of docs/performance.md. Each table is between the lines <c>&lt;!-- figures: PART --&gt;</c> and
/// <c>&lt;!-- end --&gt;</c>. Tables of parts that were not measured are not changed.
/// </summary>
internal sealed partial class Page(Bench bench, string command, IReadOnlyList<(string Name, string Value)> machine)
{
    /// <summary>The page with new tables.</summary>
    /// <exception cref="BenchException">The page has no place for a part that was measured.</exception>
    internal string Fill(string page)
    {
        HashSet<string> filled = [];
        string text = Block().Replace(page, block =>
        {
            string part = block.Groups["part"].Value;
            filled.Add(part);
            return Table(part) is { } table ? block.Groups["begin"].Value + table + block.Groups["end"].Value : block.Value;
        });
        return bench.Figures.FirstOrDefault(figure => !filled.Contains(figure.Part)) is { } lost
            ? throw new BenchException($"docs/performance.md has no place for what {lost.Part} measured.")
            : text;
    }

    private string? Table(string part)
    {
        Figure[] figures = [.. bench.Figures.Where(figure => figure.Part == part)];
        if (figures.Length == 0)
            return null;
        bool hasPeers = figures.Any(figure => figure.Peers.Length > 0);
        string peers = string.Join(", ", bench.Peers.Select(peer => peer.Name));
        StringBuilder text = new();
        text.Append("\n| | ExitSnoop |").Append(hasPeers ? $" {peers} |" : "").Append("\n| --- | --- |").Append(hasPeers ? " --- |" : "").Append('\n');
        foreach (Figure figure in figures)
            text.Append($"| {Cell(figure.Name)} | {Cell(figure.Measured)} |").Append(hasPeers ? $" {Cell(figure.Peers)} |" : "").Append('\n');
        string Value(string name) => machine.FirstOrDefault(line => line.Name == name).Value;
        return text.Append($"\n{Value("date")}, `{command}`, {Value("kernel")}, {Value("processor")}.\n\n").ToString();
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);

    [GeneratedRegex("(?<begin><!-- figures: (?<part>[a-z]+) -->\n).*?(?<end><!-- end -->\n)", RegexOptions.Singleline)]
    private static partial Regex Block();
}
