using System.Buffers;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace ExitSnoop.Commands.Completion;

/// <summary>The word at the cursor, with its quotes and wildcards. Writes completions for it.</summary>
internal sealed class CompletionWord
{
    // Characters that mean the same with and without quotes, at the beginning of an argument, too.
    private static readonly SearchValues<char> Bare =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:+-");

    private readonly char quote;
    private readonly WildcardPattern? pattern;

    /// <param name="typed">The word as PowerShell passes it: with its quotes, which may not be closed. Doubled quotes are already single.</param>
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

    /// <summary>The word without its quotes.</summary>
    internal string Text { get; }

    /// <summary>Whether a candidate begins with the word or matches it as a pattern.</summary>
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
            // A pattern with an open bracket is not valid.
            return false;
        }
    }

    /// <summary>Makes a completion. It has the quotes of the word, or quotes if it needs them.</summary>
    /// <param name="value">The value for the parameter.</param>
    /// <param name="shown">The text for a menu of completions.</param>
    /// <param name="toolTip">The description.</param>
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
        // Other users choose the names, so control characters must not reach the terminal.
        return new CompletionResult(text, DisplayText.Escape(shown), CompletionResultType.ParameterValue, DisplayText.Escape(toolTip));
    }

    private static string Quoted(string value) => $"'{CodeGeneration.EscapeSingleQuotedStringContent(value)}'";
}
