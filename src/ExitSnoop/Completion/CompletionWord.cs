using System.Buffers;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace ExitSnoop.Commands.Completion;

/// <summary>The word at the cursor, wildcards and quotes and all, and how its completions are written.</summary>
internal sealed class CompletionWord
{
    // What PowerShell takes as one bare word, the same as in quotes, at the beginning of an argument too.
    private static readonly SearchValues<char> Bare =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:+-");

    private readonly char quote;
    private readonly WildcardPattern? pattern;

    /// <param name="typed">As PowerShell hands it over: in its quotes, closed or not, doubled ones undone.</param>
    internal CompletionWord(string? typed)
    {
        string text = typed ?? "";
        if (text.Length > 0 && text[0] is '\'' or '"')
        {
            quote = text[0];
            text = text.Length > 1 && text[^1] == quote ? text[1..^1] : text[1..];
        }
        Text = text;
        if (WildcardPattern.ContainsWildcardCharacters(text))
            pattern = new WildcardPattern(text + "*", WildcardOptions.IgnoreCase);
    }

    /// <summary>What is typed, without its quotes.</summary>
    internal string Text { get; }

    /// <summary>Whether what is typed can become this: as its beginning, or as a pattern for it.</summary>
    internal bool Fits(string candidate)
    {
        if (candidate.StartsWith(Text, StringComparison.OrdinalIgnoreCase)
            || candidate.StartsWith(WildcardPattern.Unescape(Text), StringComparison.OrdinalIgnoreCase))
            return true;
        try
        {
            return pattern is not null && pattern.IsMatch(candidate);
        }
        catch (WildcardPatternException)
        {
            // A bracket that is not closed yet is not a pattern.
            return false;
        }
    }

    /// <summary>A completion, quoted as the word is or, where it has to be, at all.</summary>
    /// <param name="value">What the parameter is to get.</param>
    /// <param name="shown">What a menu of completions shows for it.</param>
    /// <param name="toolTip">What it means.</param>
    internal CompletionResult Offer(string value, string shown, string toolTip)
    {
        string text = quote switch
        {
            '"' => '"' + value
                .Replace("`", "``", StringComparison.Ordinal)
                .Replace("$", "`$", StringComparison.Ordinal)
                .Replace("\"", "`\"", StringComparison.Ordinal) + '"',
            '\'' => Quoted(value),
            _ => value.Length > 0 && value[0] != '-' && !value.AsSpan().ContainsAnyExcept(Bare) ? value : Quoted(value),
        };
        // Names are chosen by others: they must not drive the terminal from a menu.
        return new CompletionResult(text, DisplayText.Escape(shown), CompletionResultType.ParameterValue, DisplayText.Escape(toolTip));
    }

    private static string Quoted(string value) => $"'{CodeGeneration.EscapeSingleQuotedStringContent(value)}'";
}
