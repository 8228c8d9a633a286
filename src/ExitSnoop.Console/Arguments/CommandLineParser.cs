namespace ExitSnoop.Cli.Arguments;

/// <summary>
/// Parses a command line by the rules of Python's argparse, because scripts that call the original use its forms:
/// <c>-xt</c>, <c>-p181</c>, <c>--pid=181</c>, <c>--label=</c> and unambiguous abbreviations. An option in place of a value
/// is an error.
/// </summary>
/// <remarks>
/// System.CommandLine cannot be used, because it takes the -x of <c>--label -x</c> for the label and has no abbreviations.
/// </remarks>
internal static class CommandLineParser
{
    /// <summary>
    /// The options in the order of the command line, each with its value. --help and --version end the parsing, even if the
    /// rest is wrong.
    /// </summary>
    /// <exception cref="UsageException">The command line is wrong.</exception>
    internal static List<(OptionId Option, string? Value)> Parse(ReadOnlySpan<string> words)
    {
        // As in argparse, all words are first classified as options or values, so that an ambiguous abbreviation anywhere in the
        // line is reported before other errors.
        Word[] read = new Word[words.Length];
        bool onlyValues = false;
        for (int i = 0; i < words.Length; i++)
        {
            if (onlyValues)
                read[i] = Word.Value;
            else if (words[i] == "--")
            {
                read[i] = Word.Separator;
                onlyValues = true;
            }
            else
                read[i] = ReadWord(words[i]);
        }

        List<(OptionId, string?)> options = [];
        List<string> unrecognized = [];
        for (int i = 0; i < words.Length;)
        {
            Word word = read[i];
            if (word.Kind == WordKind.Option)
            {
                string? next = i + 1 < words.Length && read[i + 1].Kind == WordKind.Value ? words[i + 1] : null;
                i += Take(word, next, options) ? 2 : 1;
                OptionId taken = options[^1].Item1;
                if (Array.Find(CommandLineOption.All, option => option.Id == taken).TakesMany)
                    while (i < words.Length && read[i].Kind == WordKind.Value)
                        options.Add((taken, words[i++]));
                if (options.FindIndex(given => given.Item1 is OptionId.Help or OptionId.Version) is >= 0 and int end)
                    return options[..(end + 1)];
            }
            else
            {
                // A "--" at the end of the line is ignored.
                if (word.Kind != WordKind.Separator || i + 1 < words.Length)
                    unrecognized.Add(words[i]);
                i++;
            }
        }

        if (unrecognized.Count > 0)
            throw new UsageException($"unrecognized arguments: {string.Join(' ', unrecognized)}");
        return options;
    }

    /// <summary>Adds an option and those that are combined with it after one dash. Returns true if the next word is its value.</summary>
    private static bool Take(Word word, string? next, List<(OptionId, string?)> options)
    {
        CommandLineOption option = word.Option;
        string? attached = word.Attached;
        while (true)
        {
            if (option.TakesValue)
            {
                options.Add((option.Id, attached ?? next ?? throw new UsageException($"argument {option.DisplayName}: expected one argument")));
                return attached is null;
            }

            options.Add((option.Id, null));
            if (attached is null)
                return false;

            // -xt: the character after the letter of an option without a value is the letter of the next option.
            if (word.IsLong || attached.Length == 0 || FindShort(attached[0]) is not { } following)
                throw new UsageException($"argument {option.DisplayName}: ignored explicit argument '{attached}'");
            option = following;
            attached = attached.Length > 1 ? attached[1..] : null;
            if (option.TakesValue && attached is ['=', ..])
                attached = attached[1..];
        }
    }

    private static Word ReadWord(string text)
    {
        if (text is not ['-', _, ..])
            return Word.Value;

        int equals = text.IndexOf('=', StringComparison.Ordinal);
        string name = equals < 0 ? text : text[..equals];
        string? attached = equals < 0 ? null : text[(equals + 1)..];

        if (!text.StartsWith("--", StringComparison.Ordinal))
        {
            if (FindShort(text[1]) is { } option)
                return Word.For(option, isLong: false, name.Length == 2 ? attached : text[2..]);
        }
        else if (FindLong(name, text) is { } option)
            return Word.For(option, isLong: true, attached);

        // A negative number, a time before now and a text with spaces are always values.
        return IsNegativeNumber(text) || TimeArgument.IsAgo(text) || text.Contains(' ', StringComparison.Ordinal) ? Word.Value : Word.Unknown;
    }

    /// <summary>The option with this name, or the only one for which it is an abbreviation; null if there is none.</summary>
    private static CommandLineOption? FindLong(string name, string text)
    {
        foreach (CommandLineOption option in CommandLineOption.All)
        {
            if (option.Long == name)
                return option;
        }

        // The options of the original first: its abbreviations keep their meaning, and what was ambiguous stays ambiguous.
        foreach (bool original in (ReadOnlySpan<bool>)[true, false])
        {
            List<CommandLineOption> matches = [];
            foreach (CommandLineOption option in CommandLineOption.All)
            {
                if (option.IsOriginal == original && option.Long.StartsWith(name, StringComparison.Ordinal))
                    matches.Add(option);
            }

            if (matches.Count == 1)
                return matches[0];
            if (matches.Count > 1)
                throw new UsageException($"ambiguous option: {text} could match {string.Join(", ", matches.ConvertAll(option => option.Long))}");
        }

        return null;
    }

    private static CommandLineOption? FindShort(char letter)
    {
        foreach (CommandLineOption option in CommandLineOption.All)
        {
            if (option.Short == letter && letter != '\0')
                return option;
        }

        return null;
    }

    /// <summary>Whether a text is a negative number: -5, -.5 or -1.5, but not -5x.</summary>
    private static bool IsNegativeNumber(string text)
    {
        int point = text.IndexOf('.', StringComparison.Ordinal);
        ReadOnlySpan<char> whole = point < 0 ? text.AsSpan(1) : text.AsSpan(1, point - 1);
        ReadOnlySpan<char> fraction = point < 0 ? whole : text.AsSpan(point + 1);
        return !fraction.IsEmpty && whole.IndexOfAnyExceptInRange('0', '9') < 0 && fraction.IndexOfAnyExceptInRange('0', '9') < 0;
    }

    private enum WordKind
    {
        Value,
        Option,
        Unknown,
        Separator,
    }

    private readonly record struct Word(WordKind Kind, CommandLineOption Option, bool IsLong, string? Attached)
    {
        internal static Word Value => new(WordKind.Value, default, false, null);
        internal static Word Unknown => new(WordKind.Unknown, default, false, null);
        internal static Word Separator => new(WordKind.Separator, default, false, null);

        internal static Word For(CommandLineOption option, bool isLong, string? attached) =>
            new(WordKind.Option, option, isLong, attached);
    }
}
