using FsCheck;
using FsCheck.Fluent;

namespace ExitSnoop.Tests.Records;

/// <summary>Text that other users control cannot break a line, control the terminal or change the text direction.</summary>
public sealed class DisplayTextTests
{
    /// <summary>Texts with all characters that could do harm, among harmless letters of many scripts.</summary>
    private static Gen<string> Texts { get; } = Gen.Frequency(
            (4, Gen.Choose(0x20, 0x7e).Select(code => ((char)code).ToString())),
            (2, Gen.Choose(0, 0x9f).Select(code => ((char)code).ToString())),
            (2, Gen.Choose(0x2000, 0x2070).Select(code => ((char)code).ToString())),
            (1, Gen.Choose(0x00a0, 0xd7ff).Select(code => ((char)code).ToString())),
            (1, Gen.Choose(0xe000, 0xffff).Select(code => ((char)code).ToString())),
            (1, Gen.Choose(0x10000, 0x10ffff).Select(char.ConvertFromUtf32)),
            (1, Gen.Choose(0xe0000, 0xe007f).Select(char.ConvertFromUtf32)),
            (1, Gen.Choose(0xd800, 0xdfff).Select(code => ((char)code).ToString())))
        .ArrayOf().Select(string.Concat);

    [Theory]
    [InlineData("a\nb", "a\\nb")]
    [InlineData("\t\r\a\b\v\f", "\\t\\r\\a\\b\\v\\f")]
    [InlineData("\u001b[31m", "\\e[31m")]
    [InlineData("\0\u0001\u007f", "\\x00\\x01\\x7f")]
    [InlineData("\u009b31m", "\\x9b31m")]
    [InlineData("\u202egnp.exe\u2066", "\\u202egnp.exe\\u2066")]
    [InlineData("\u2028\u2029", "\\u2028\\u2029")]
    [InlineData("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff")]
    [InlineData("soft\u00adhyphen", "soft\\xadhyphen")]
    [InlineData("tag\U000E0041", "tag\\U000e0041")]
    public void What_does_harm_is_written_out(string text, string escaped) => Assert.Equal(escaped, DisplayText.Escape(text));

    [Theory]
    [InlineData("")]
    [InlineData("plain text, \"quoted\" 'twice' \\ back")]
    [InlineData("ünïcödé процессы 中文 🐝🐝 עברית العربية")]
    [InlineData("a\u0301 combining, \ufffd replaced, \u00a0 no break")]
    public void What_does_none_stays_as_it_is(string text) => Assert.Same(text, DisplayText.Escape(text));

    [Fact]
    public void Null_is_empty() => Assert.Equal("", DisplayText.Escape(null));

    [Fact]
    public void No_text_leaves_a_control_an_invisible_or_a_turning_character_behind() => Property.Holds(Texts, text =>
    {
        foreach (Rune rune in DisplayText.Escape(text).EnumerateRunes())
            Assert.False(
                Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator,
                $"U+{rune.Value:X4}");
    });

    [Fact]
    public void A_text_without_such_characters_is_not_changed() => Property.Holds(Texts, text =>
    {
        string harmless = string.Concat(text.EnumerateRunes().Where(rune => Rune.GetUnicodeCategory(rune)
            is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)));
        Assert.Same(harmless, DisplayText.Escape(harmless));
    });

    [Fact]
    public void To_escape_twice_is_to_escape_once() => Property.Holds(Texts, text =>
    {
        string once = DisplayText.Escape(text);
        Assert.Same(once, DisplayText.Escape(once));
    });
}
