using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;

namespace ExitSnoop;

/// <summary>
/// Escapes what JSON requires and what <see cref="DisplayText"/> escapes, and leaves all other text readable. The
/// encoders of System.Text.Json either write every quote of a command line and every character that is not ASCII as
/// \uXXXX, or do not escape characters that change the text direction of a terminal.
/// </summary>
internal sealed class JsonTextEncoder : JavaScriptEncoder
{
    /// <summary>The ASCII characters that are written unchanged.</summary>
    private static readonly SearchValues<char> Plain =
        SearchValues.Create([.. Enumerable.Range(' ', '\x7f' - ' ').Select(c => (char)c).Where(c => c is not ('"' or '\\'))]);

    private static readonly SearchValues<byte> PlainBytes =
        SearchValues.Create([.. Enumerable.Range(' ', '\x7f' - ' ').Select(c => (byte)c).Where(c => c is not ((byte)'"' or (byte)'\\'))]);

    internal static JsonTextEncoder Instance { get; } = new();

    /// <summary>Two times \uXXXX, for a character outside the BMP.</summary>
    public override int MaxOutputCharactersPerInputCharacter => 12;

    public override bool WillEncode(int unicodeScalar) => unicodeScalar <= 0x7f
        ? !Plain.Contains((char)unicodeScalar)
        : DisplayText.NeedsEscape(new Rune(unicodeScalar));

    public override unsafe int FindFirstCharacterToEncode(char* text, int textLength)
    {
        ReadOnlySpan<char> all = new(text, textLength);
        int first = all.IndexOfAnyExcept(Plain);
        if (first < 0)
            return -1;
        for (int i = first, units; i < all.Length; i += units)
        {
            // For half a surrogate pair, which is not a character, the base class writes U+FFFD.
            if (Rune.DecodeFromUtf16(all[i..], out Rune rune, out units) != OperationStatus.Done || WillEncode(rune.Value))
                return i;
        }
        return -1;
    }

    public override int FindFirstCharacterToEncodeUtf8(ReadOnlySpan<byte> utf8Text) =>
        utf8Text.IndexOfAnyExcept(PlainBytes) < 0 ? -1 : base.FindFirstCharacterToEncodeUtf8(utf8Text);

    public override unsafe bool TryEncodeUnicodeScalar(int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten)
    {
        Span<char> to = new(buffer, bufferLength);
        switch (unicodeScalar)
        {
            case '"': return Write(to, "\\\"", out numberOfCharactersWritten);
            case '\\': return Write(to, "\\\\", out numberOfCharactersWritten);
            case '\n': return Write(to, "\\n", out numberOfCharactersWritten);
            case '\r': return Write(to, "\\r", out numberOfCharactersWritten);
            case '\t': return Write(to, "\\t", out numberOfCharactersWritten);
        }
        Span<char> units = stackalloc char[2];
        int count = new Rune(unicodeScalar).EncodeToUtf16(units);
        return count == 1
            ? to.TryWrite(CultureInfo.InvariantCulture, $"\\u{(int)units[0]:x4}", out numberOfCharactersWritten)
            : to.TryWrite(CultureInfo.InvariantCulture, $"\\u{(int)units[0]:x4}\\u{(int)units[1]:x4}", out numberOfCharactersWritten);
    }

    private static bool Write(Span<char> to, string escape, out int written)
    {
        bool fits = escape.TryCopyTo(to);
        written = fits ? escape.Length : 0;
        return fits;
    }
}
