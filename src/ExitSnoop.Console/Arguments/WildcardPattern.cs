namespace ExitSnoop.Cli.Arguments;

/// <summary>
/// A pattern with the wildcards of the shell: *, ?, [abc], [a-z], [!abc], and a backslash before a literal character.
/// </summary>
/// <param name="pattern">The pattern.</param>
/// <param name="ignoreCase">Whether upper and lower case are the same.</param>
internal sealed class WildcardPattern(string pattern, bool ignoreCase)
{
    private readonly string pattern = ignoreCase ? pattern.ToLowerInvariant() : pattern;

    internal bool IsMatch(ReadOnlySpan<char> name)
    {
        int p = 0, n = 0, star = -1, taken = 0;
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                taken = n;
            }
            else if (p < pattern.Length && MatchOne(ref p, ignoreCase ? char.ToLowerInvariant(name[n]) : name[n]))
                n++;
            else if (star >= 0)
            {
                // Extend the match of the last star by one character. Earlier stars never need to be extended.
                p = star + 1;
                n = ++taken;
            }
            else
                return false;
        }

        while (p < pattern.Length && pattern[p] == '*')
            p++;
        return p == pattern.Length;
    }

    /// <summary>If the element of the pattern at p matches the character, moves p after the element and returns true.</summary>
    private bool MatchOne(ref int p, char c)
    {
        int next;
        bool match;
        switch (pattern[p])
        {
            case '?':
                (next, match) = (p + 1, true);
                break;
            case '[' when SetEnd(p) is > 0 and int end:
                (next, match) = (end + 1, IsInSet(p, end, c));
                break;
            case '\\' when p + 1 < pattern.Length:
                (next, match) = (p + 2, pattern[p + 1] == c);
                break;
            default:
                (next, match) = (p + 1, pattern[p] == c);
                break;
        }

        if (match)
            p = next;
        return match;
    }

    /// <summary>The index of the bracket that closes a set; -1 if none does, so that the open bracket is a literal character.</summary>
    private int SetEnd(int open)
    {
        int first = open + 1;
        if (first < pattern.Length && pattern[first] is '!' or '^')
            first++;
        // A closing bracket at the beginning is a member of the set.
        return first + 1 < pattern.Length ? pattern.IndexOf(']', first + 1) : -1;
    }

    private bool IsInSet(int open, int close, char c)
    {
        int i = open + 1;
        bool negated = pattern[i] is '!' or '^';
        if (negated)
            i++;

        bool found = false;
        while (i < close)
        {
            bool range = i + 2 < close && pattern[i + 1] == '-';
            char last = range ? pattern[i + 2] : pattern[i];
            found |= c >= pattern[i] && c <= last;
            i += range ? 3 : 1;
        }

        return found != negated;
    }
}
