namespace ExitSnoop.Tests.Records;

public sealed class DecodedTextsTests
{
    [Fact]
    public void The_same_bytes_are_decoded_once()
    {
        int decoded = 0;
        DecodedTexts<string> texts = new(bytes => $"{++decoded}: {Encoding.UTF8.GetString(bytes)}");
        Assert.Equal("1: /usr/bin/env", texts.Get("/usr/bin/env"u8));
        Assert.Same(texts.Get("/usr/bin/env"u8), texts.Get("/usr/bin/env"u8));
        Assert.Equal("2: ", texts.Get(""u8));
        Assert.Same(texts.Get(""u8), texts.Get(""u8));
    }

    [Fact]
    public void Bytes_that_differ_anywhere_are_never_taken_for_each_other()
    {
        DecodedTexts<string> texts = new(Encoding.Latin1.GetString);
        byte[] bytes = new byte[600];
        for (int length = 0; length <= bytes.Length; length += length < 40 ? 1 : 37)
        {
            for (int changed = 0; changed < length; changed++)
            {
                Assert.Equal(new string('\0', length), texts.Get(bytes.AsSpan(0, length)));
                bytes[changed] = 1;
                Assert.Equal(Encoding.Latin1.GetString(bytes, 0, length), texts.Get(bytes.AsSpan(0, length)));
                bytes[changed] = 0;
            }
        }
    }

    [Fact]
    public void Threads_that_decode_at_once_get_right_texts()
    {
        DecodedTexts<string> texts = new(Encoding.UTF8.GetString);
        Parallel.For(0, 20_000, i => Assert.Equal($"command {i % 500}", texts.Get(Encoding.UTF8.GetBytes($"command {i % 500}"))));
    }
}
