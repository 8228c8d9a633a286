using System.Xml.Linq;

namespace HelpBuilder;

/// <summary>Writes the help of cmdlets in the format that Get-Help reads (MAML).</summary>
internal static class MamlFile
{
    private static readonly XNamespace Items = "http://msh";
    private static readonly XNamespace Maml = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace Dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    /// <param name="file">The file to write.</param>
    /// <param name="cmdlets">The cmdlets with their pages.</param>
    /// <param name="pages">The web address of the folder with the pages; "" if they are not on the web.</param>
    internal static void Write(string file, IEnumerable<(CmdletFacts Cmdlet, HelpPage Page, List<HelpParameter> Parameters)> cmdlets, string pages) =>
        new XDocument(new XElement(Items + "helpItems",
            new XAttribute("schema", "maml"),
            new XAttribute(XNamespace.Xmlns + "maml", Maml),
            new XAttribute(XNamespace.Xmlns + "command", Command),
            new XAttribute(XNamespace.Xmlns + "dev", Dev),
            cmdlets.Select(item => Cmdlet(item.Cmdlet, item.Page, item.Parameters, pages)))).Save(file);

    private static XElement Cmdlet(CmdletFacts cmdlet, HelpPage page, List<HelpParameter> parameters, string pages) =>
        new(Command + "command",
            new XElement(Command + "details",
                new XElement(Command + "name", cmdlet.Name),
                new XElement(Command + "verb", cmdlet.Verb),
                new XElement(Command + "noun", cmdlet.Noun),
                Description(page.Synopsis.Blocks)),
            Description(page.Require("Description").Blocks),
            new XElement(Command + "syntax", Sets(parameters).Select(set => new XElement(Command + "syntaxItem",
                new XElement(Maml + "name", cmdlet.Name),
                parameters.Where(parameter => parameter.Facts.Set is null || parameter.Facts.Set == set)
                    .OrderBy(parameter => parameter.Facts.Position is null).ThenBy(Position).Select(parameter => Parameter(parameter, inSyntax: true))))),
            new XElement(Command + "parameters", parameters.Select(parameter => Parameter(parameter, inSyntax: false))),
            new XElement(Command + "inputTypes", page.Sections("Inputs").Select(type => Type(Command + "inputType", type.Heading, type.Section))),
            new XElement(Command + "returnValues", page.Sections("Outputs").Select(type => Type(Command + "returnValue", type.Heading, type.Section))),
            page.All.Any(section => section.Heading == "Notes")
                ? new XElement(Maml + "alertSet", new XElement(Maml + "alert", Paragraphs(page.Require("Notes").Blocks)))
                : null,
            new XElement(Command + "examples", page.Sections("Examples").Select((example, index) =>
                new XElement(Command + "example",
                    new XElement(Maml + "title", $"---------- Example {index + 1}: {example.Heading} ----------"),
                    new XElement(Dev + "code", string.Join("\n\n", example.Section.Code)),
                    new XElement(Dev + "remarks", Paragraphs([.. example.Section.Blocks, ""]))))),
            new XElement(Command + "relatedLinks",
                // Get-Help -Online opens the first link with an address.
                pages.Length > 0 ? Link("Online version", $"{pages}/{cmdlet.Name}.md") : null,
                page.Require("Links").Links.Select(link =>
                    Link(link.Target.StartsWith("https:", StringComparison.Ordinal) ? $"{link.Text}: {link.Target}" : link.Text, ""))));

    // In the order of the page, which begins with the parameter set that is used most.
    private static IEnumerable<string?> Sets(List<HelpParameter> parameters) =>
        parameters.Select(parameter => parameter.Facts.Set).OfType<string>().Distinct().DefaultIfEmpty();

    private static XElement Link(string text, string address) => new(Maml + "navigationLink",
        new XElement(Maml + "linkText", text),
        new XElement(Maml + "uri", address));

    private static int Position(HelpParameter parameter) => parameter.Facts.Position is { } position ? int.Parse(position, null) : 0;

    private static XElement Parameter(HelpParameter parameter, bool inSyntax)
    {
        ParameterFacts facts = parameter.Facts;
        return new XElement(Command + "parameter",
            new XAttribute("required", facts.Mandatory ? "true" : "false"),
            new XAttribute("variableLength", facts.Type.EndsWith("[]", StringComparison.Ordinal) ? "true" : "false"),
            new XAttribute("globbing", facts.Wildcards ? "true" : "false"),
            new XAttribute("pipelineInput", facts.PipelineInput),
            new XAttribute("position", facts.Position ?? "named"),
            new XAttribute("aliases", facts.Aliases.Length == 0 ? "none" : string.Join(", ", facts.Aliases)),
            new XElement(Maml + "name", facts.Name),
            Description(parameter.Description),
            inSyntax && facts.IsSwitch ? null : new XElement(Command + "parameterValue",
                new XAttribute("required", "true"), new XAttribute("variableLength", "false"), facts.Type),
            new XElement(Dev + "type", new XElement(Maml + "name", facts.Type), new XElement(Maml + "uri")),
            new XElement(Dev + "defaultValue", parameter.Default));
    }

    private static XElement Type(XName element, string name, HelpSection section) =>
        new(element,
            new XElement(Dev + "type", new XElement(Maml + "name", name)),
            Description(section.Blocks));

    private static XElement Description(IEnumerable<string> paragraphs) => new(Maml + "description", Paragraphs(paragraphs));

    private static IEnumerable<XElement> Paragraphs(IEnumerable<string> paragraphs) =>
        paragraphs.Select(paragraph => new XElement(Maml + "para", paragraph));
}
