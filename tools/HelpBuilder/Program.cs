using System.Reflection;

namespace HelpBuilder;

/// <summary>
/// Converts docs/en-US to the files that Get-Help reads: MAML for the cmdlets, plain text for the about page. Fails if a
/// parameter, a property or a cmdlet has no help, or if help describes something that does not exist.
/// </summary>
internal static class Program
{
    private const string AboutPage = "about_ExitSnoop";

    /// <summary>The page that describes the filters that several cmdlets have in common.</summary>
    private const string SharedPage = "Watch-ProcessExit";

    /// <summary>
    /// Arguments: the folder of the Markdown, the module's assembly, the folder for the help and, if the Markdown is on the web, the
    /// address of its folder there.
    /// </summary>
    private static int Main(string[] args)
    {
        (string source, string module, string target, string address) = (args[0], args[1], args[2], args.ElementAtOrDefault(3) ?? "");
        try
        {
            Directory.CreateDirectory(target);
            HelpPage[] pages = [.. Directory.GetFiles(source, "*-*.md").Order(StringComparer.Ordinal).Select(HelpPage.Read)];
            CmdletFacts[] cmdlets = CmdletFacts.Of(Assembly.LoadFrom(Path.GetFullPath(module)));
            MamlFile.Write(Path.Join(target, Path.GetFileName(module) + "-Help.xml"), Match(cmdlets, pages), address);
            AboutFile.Write(Path.Join(target, AboutPage + ".help.txt"), HelpPage.Read(Path.Join(source, AboutPage + ".md")));
            return 0;
        }
        catch (HelpException missing)
        {
            // In the format that MSBuild recognizes as an error.
            Console.Error.WriteLine($"{missing.File} : error HELP1: {missing.Message}");
            return 1;
        }
    }

    private static List<(CmdletFacts Cmdlet, HelpPage Page, List<HelpParameter> Parameters)> Match(CmdletFacts[] cmdlets, HelpPage[] pages)
    {
        List<(CmdletFacts, HelpPage, List<HelpParameter>)> matched = [];
        foreach (CmdletFacts cmdlet in cmdlets)
        {
            HelpPage page = Array.Find(pages, page => page.Title == cmdlet.Name)
                ?? throw new HelpException("docs/en-US", $"there is no page for {cmdlet.Name}");
            foreach (string section in (string[])["Description", "Parameters", "Inputs", "Outputs", "Links"])
                page.Require(section);
            matched.Add((cmdlet, page, [.. Parameters(cmdlet, page, pages).OrderBy(parameter => parameter.Facts.IsOfShouldProcess)]));
        }
        return matched;
    }

    // Another page may have a parameter of the same name that does something else, so the shared page comes before them.
    private static IEnumerable<HelpParameter> Parameters(CmdletFacts cmdlet, HelpPage page, HelpPage[] pages)
    {
        List<ParameterFacts> facts = [.. cmdlet.Parameters];
        foreach (HelpPage described in (HelpPage[])[page, .. pages.Where(other => other != page).OrderBy(other => other.Title != SharedPage)])
        {
            foreach ((string heading, HelpSection section) in described.Sections("Parameters"))
            {
                ParameterFacts? fact = facts.Find(parameter => "-" + parameter.Name == heading);
                if (fact is not null)
                {
                    facts.Remove(fact);
                    yield return new HelpParameter(fact, section.Blocks, section.Default(fact));
                }
                else if (described == page && cmdlet.Parameters.All(parameter => "-" + parameter.Name != heading))
                {
                    throw new HelpException(page.File, $"{cmdlet.Name} has no parameter {heading}");
                }
            }
        }
        if (facts.Count > 0)
            throw new HelpException(page.File, $"-{facts[0].Name} has no help");
    }
}

/// <summary>A parameter and its help.</summary>
internal sealed record HelpParameter(ParameterFacts Facts, IReadOnlyList<string> Description, string Default);

/// <summary>The help is incomplete or wrong.</summary>
internal sealed class HelpException(string file, string message) : Exception(message)
{
    internal string File => file;
}
