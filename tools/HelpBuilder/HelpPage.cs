using Markdig;
using Markdig.Extensions.Tables;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace HelpBuilder;

/// <summary>A page of docs/en-US: its title and the sections below its headings.</summary>
internal sealed class HelpPage
{
    private static readonly MarkdownPipeline Markdown = new MarkdownPipelineBuilder().UsePipeTables().Build();

    private readonly List<(int Level, string Heading, HelpSection Section)> sections = [];

    private HelpPage(string file) => File = file;

    internal string File { get; }

    /// <summary>The first heading.</summary>
    internal string Title => sections[0].Heading;

    /// <summary>The section between the title and the next heading.</summary>
    internal HelpSection Synopsis => sections[0].Section;

    /// <summary>All headings, in order.</summary>
    internal IReadOnlyList<(int Level, string Heading, HelpSection Section)> All => sections;

    internal static HelpPage Read(string file)
    {
        HelpPage page = new(file);
        foreach (Block block in Markdig.Markdown.Parse(System.IO.File.ReadAllText(file), Markdown))
        {
            if (block is HeadingBlock heading)
                page.sections.Add((heading.Level, PlainText.Of(heading.Inline), new HelpSection()));
            else if (page.sections.Count == 0)
                throw new HelpException(file, "the page does not begin with its title");
            else
                page.sections[^1].Section.Add(block);
        }
        return page;
    }

    /// <summary>The section of a heading of the second level.</summary>
    internal HelpSection Require(string heading) =>
        sections.Find(section => section.Level == 2 && section.Heading == heading).Section
        ?? throw new HelpException(File, $"there is no '## {heading}'");

    /// <summary>The headings of the third level below a heading of the second level.</summary>
    internal IEnumerable<(string Heading, HelpSection Section)> Sections(string heading) =>
        sections.SkipWhile(section => section.Level != 2 || section.Heading != heading).Skip(1)
            .TakeWhile(section => section.Level > 2)
            .Select(section => (section.Heading, section.Section));
}

/// <summary>The content below one heading.</summary>
internal sealed class HelpSection
{
    private const string DefaultMark = "Default: ";

    private readonly List<Block> blocks = [];

    /// <summary>The blocks of PowerShell code.</summary>
    internal IEnumerable<string> Code =>
        blocks.OfType<FencedCodeBlock>().Where(code => code.Info == "powershell").Select(code => code.Lines.ToString());

    /// <summary>The other blocks, without the default value, as plain text.</summary>
    internal IReadOnlyList<string> Blocks =>
        [.. Markdown.Where(block => block is not FencedCodeBlock { Info: "powershell" }).SelectMany(PlainText.Of).Where(text => !text.StartsWith(DefaultMark, StringComparison.Ordinal))];

    internal IReadOnlyList<Block> Markdown => blocks;

    internal IEnumerable<(string Text, string Target)> Links =>
        blocks.SelectMany(block => block.Descendants<LinkInline>()).Select(link => (PlainText.Of(link), link.Url ?? ""));

    internal void Add(Block block) => blocks.Add(block);

    /// <summary>The default value of a parameter.</summary>
    internal string Default(ParameterFacts parameter) =>
        blocks.SelectMany(PlainText.Of).FirstOrDefault(text => text.StartsWith(DefaultMark, StringComparison.Ordinal)) is { } text
            ? text[DefaultMark.Length..].TrimEnd('.')
            : parameter.IsSwitch ? "False" : "None";
}

/// <summary>Converts Markdown to plain text.</summary>
internal static class PlainText
{
    /// <summary>The paragraphs of a block.</summary>
    internal static IEnumerable<string> Of(Block block) => block switch
    {
        HtmlBlock => [],
        CodeBlock code => [code.Lines.ToString()],
        Table table => table.OfType<TableRow>().Select(row => string.Join(": ", Cells(row))),
        LeafBlock leaf => [Of(leaf.Inline)],
        ListBlock list => list.OfType<ListItemBlock>().Select(item => "- " + string.Join(' ', item.SelectMany(Of))),
        ContainerBlock container => container.SelectMany(Of),
        _ => [],
    };

    internal static IEnumerable<string> Cells(TableRow row) =>
        row.OfType<TableCell>().Select(cell => string.Join(' ', cell.SelectMany(Of)));

    /// <summary>The text of inlines in one line.</summary>
    internal static string Of(ContainerInline? inlines) =>
        inlines is null ? "" : string.Concat(inlines.Select(inline => inline switch
        {
            LiteralInline literal => literal.Content.ToString(),
            CodeInline code => code.Content,
            LineBreakInline => " ",
            LinkInline { Url: { } url } link when url.StartsWith("https:", StringComparison.Ordinal) && Of(link) != url => $"{Of(link)} ({url})",
            AutolinkInline link => link.Url,
            ContainerInline container => Of(container),
            _ => throw new NotSupportedException($"Help has no form for {inline.GetType().Name}."),
        }));
}
