using System.Globalization;
using System.Text;

namespace ExitSnoop;

/// <summary>
/// Makes text that other users control (names, arguments, paths) safe to show: it cannot end a line, control the
/// terminal or change the text direction. The properties of an <see cref="ExitEvent"/> contain the original text.
/// </summary>
public static class DisplayText
{
    /// <summary>
    /// Escapes control characters (C0, DEL, C1), line and paragraph separators, and characters that change the text
    /// direction or are invisible: <c>\n</c>, <c>\e</c>, <c>\x01</c>, <c>\u202e</c>, <c>\U000e0041</c>. Other text, including
    /// backslashes, is unchanged.
    /// </summary>
    /// <returns>The escaped text; "" for null.</returns>
    public static string Escape(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return "";
        StringBuilder? escaped = null;
        int kept = 0;
        for (int i = 0, size; i < text.Length; i += size)
        {
            size = 1;
            // Most text is printable ASCII. It needs no look-up in the Unicode tables.
            if (text[i] is >= ' ' and < '\u007f')
                continue;
            _ = Rune.DecodeFromUtf16(text.AsSpan(i), out Rune rune, out size);
            if (!NeedsEscape(rune))
                continue;
            escaped ??= new StringBuilder(text.Length + 16);
            AppendEscape(escaped.Append(text, kept, i - kept), rune.Value);
            kept = i + size;
        }
        return escaped?.Append(text, kept, text.Length - kept).ToString() ?? text;
    }

    internal static bool NeedsEscape(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private static void AppendEscape(StringBuilder to, int code)
    {
        string? name = code switch
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
        else if (code <= 0xff)
            to.Append(CultureInfo.InvariantCulture, $"\\x{code:x2}");
        else if (code <= 0xffff)
            to.Append(CultureInfo.InvariantCulture, $"\\u{code:x4}");
        else
            to.Append(CultureInfo.InvariantCulture, $"\\U{code:x8}");
    }
}
