using System.Globalization;
using System.Text;

namespace ExitSnoop;

/// <summary>
/// Text that other people chose (names, arguments, paths), made safe to show: it cannot end a line, drive
/// the terminal or turn the reading direction. The properties of an <see cref="ExitEvent"/> hold it as it is.
/// </summary>
public static class DisplayText
{
    /// <summary>
    /// Escapes control characters (C0, DEL, C1), line and paragraph separators, and characters that
    /// change direction or are not seen: <c>\n</c>, <c>\e</c>, <c>\x01</c>, <c>\u202e</c>. Other text stays as it is, a
    /// backslash included.
    /// </summary>
    public static string Escape(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return "";
        int first = 0;
        while (first < text.Length && !NeedsEscape(text[first]))
            first++;
        if (first == text.Length)
            return text;

        StringBuilder escaped = new(text, 0, first, text.Length + 16);
        foreach (char c in text.AsSpan(first))
        {
            if (NeedsEscape(c))
                AppendEscape(escaped, c);
            else
                escaped.Append(c);
        }
        return escaped.ToString();
    }

    private static bool NeedsEscape(char c)
    {
        if (c is >= ' ' and < '\u007f')
            return false;
        return CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
    }

    private static void AppendEscape(StringBuilder to, char c)
    {
        string? name = c switch
        {
            '\a' => "\\a",
            '\b' => "\\b",
            '\t' => "\\t",
            '\n' => "\\n",
            '\v' => "\\v",
            '\f' => "\\f",
            '\r' => "\\r",
            '\u001b' => "\\e",
            _ => null,
        };
        if (name is not null)
            to.Append(name);
        else if (c <= '\u00ff')
            to.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}");
        else
            to.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
    }
}
