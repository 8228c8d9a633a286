using System.Text;
using ExitSnoop;
using Markdig.Extensions.Tables;
using Markdig.Syntax;

namespace HelpBuilder;

/// <summary>Writes the about page as plain text, 80 columns wide.</summary>
internal sealed class AboutFile
{
    private const int Width = 79, Indent = 4;
    private const string PropertiesMark = "<!-- properties -->";

    private readonly StringBuilder text = new();

    internal static void Write(string file, HelpPage page)
    {
        AboutFile about = new();
        about.Line(0, "TOPIC");
        about.Line(Indent, page.Title);
        foreach ((int level, string heading, HelpSection section) in page.All.Skip(1))
        {
            about.Line(0, "");
            about.Line(0, level == 2 ? heading.ToUpperInvariant() : heading);
            about.Blocks(section.Markdown, page.File);
        }
        File.WriteAllText(file, about.text.ToString());
    }

    private void Blocks(IEnumerable<Block> blocks, string file)
    {
        bool first = true;
        foreach (Block block in blocks)
        {
            if (!first)
                Line(0, "");
            first = false;
            switch (block)
            {
                case CodeBlock code:
                    foreach (string line in code.Lines.ToString().Split('\n'))
                        Line(2 * Indent, line);
                    break;
                case Table table:
                    Columns([.. table.OfType<TableRow>().Select(row => PlainText.Cells(row).ToArray())]);
                    break;
                case HtmlBlock html when html.Lines.ToString().Trim() == PropertiesMark:
                    Properties(file);
                    break;
                case ListBlock list:
                    foreach (string item in PlainText.Of(list))
                        Wrap(Indent, item, hanging: 2);
                    break;
                default:
                    foreach (string paragraph in PlainText.Of(block))
                        Wrap(Indent, paragraph);
                    break;
            }
        }
    }

    // Writes the list of properties from the same source as Get-ProcessExitEventDefinition.
    private void Properties(string file)
    {
        List<ExitEventField> fields = [.. ExitEventDefinition.Fields.Where(field => field.Offset is null)];
        string? missing = typeof(ExitEvent).GetProperties().Select(property => property.Name).Except(fields.Select(field => field.Name)).FirstOrDefault();
        if (missing is not null)
            throw new HelpException(file, $"the property {missing} is not in ExitEventDefinition");
        ExitEventField? last = null, firstOfKernels = null;
        foreach (ExitEventField field in fields)
        {
            if (last is not null)
                Line(0, "");
            if (field.Kernels != last?.Kernels)
                firstOfKernels = field;
            last = field;
            Line(Indent, field.Name);
            Wrap(2 * Indent, field.Description);
            Wrap(2 * Indent, $"{field.Type}{(field.Unit.Length > 0 ? ", " : "")}{field.Unit}; from {Origin(field)}.");
            if (field.Kernels != "all")
                Wrap(2 * Indent, field == firstOfKernels ? $"Kernels: {field.Kernels}." : $"Kernels: as for {firstOfKernels!.Name}.");
        }
    }

    /// <summary>The field of the record, with the expression that it is read from in the kernel.</summary>
    private static string Origin(ExitEventField property) =>
        ExitEventDefinition.Fields.FirstOrDefault(field => field.Offset is not null && field.Name == property.Source) is { Source.Length: > 0 } field
            ? $"{property.Source}: {field.Source}"
            : property.Source;

    // The last column takes the remaining width and wraps. With two columns, it is below the first one if that is wide.
    private void Columns(string[][] rows)
    {
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length) + 2)];
        int last = Indent + widths[..^1].Sum();
        if (widths.Length == 2 && last > Width / 2)
        {
            foreach (string[] row in rows[1..])
            {
                Wrap(Indent, row[0]);
                Wrap(2 * Indent, row[1]);
            }
            return;
        }
        foreach (string[] row in rows)
        {
            string start = string.Concat(row[..^1].Select((cell, column) => cell.PadRight(widths[column])));
            Wrap(Indent, start + row[^1], hanging: last - Indent, keep: start.Length);
            if (row == rows[0])
                Line(Indent, string.Concat(row[..^1].Select((cell, column) => new string('-', cell.Length).PadRight(widths[column]))) + new string('-', row[^1].Length));
        }
    }

    /// <summary>Wraps a paragraph at spaces. Further lines are indented by <paramref name="hanging"/> more. The first <paramref name="keep"/> characters are never wrapped.</summary>
    private void Wrap(int indent, string paragraph, int hanging = 0, int keep = 0)
    {
        string rest = paragraph;
        while (indent + rest.Length > Width && rest.LastIndexOf(' ', Width - indent) is var blank && blank > keep)
        {
            Line(indent, rest[..blank]);
            rest = rest[(blank + 1)..];
            indent += hanging;
            (hanging, keep) = (0, 0);
        }
        Line(indent, rest);
    }

    private void Line(int indent, string line) => text.Append(line.Length > 0 ? new string(' ', indent) : "").Append(line.TrimEnd()).Append('\n');
}
