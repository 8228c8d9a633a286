namespace ExitSnoop.Tests.Records;

/// <summary>Options that are out of range or contradict one another are refused before anything is loaded.</summary>
public sealed class OptionTests
{
    public static TheoryData<string, ExitTraceOptions> Invalid { get; } = new()
    {
        { "power of two from 1 to 1024", new() { BufferSize = 0 } },
        { "power of two from 1 to 1024", new() { BufferSize = -16 } },
        { "power of two from 1 to 1024", new() { BufferSize = 12 } },
        { "power of two from 1 to 1024", new() { BufferSize = 2048 } },
        { "IncludeChildren needs Ids", new() { IncludeChildren = true } },
        { "from 1 (HUP) to 64 (RTMAX)", new() { Signals = [Signal.None] } },
        { "from 1 (HUP) to 64 (RTMAX)", new() { Signals = [Signal.TERM, (Signal)65] } },
        { "from 1 (HUP) to 64 (RTMAX)", new() { Signals = [(Signal)(-1)] } },
        { "0 to 255", new() { ExitCodes = [256] } },
        { "0 to 255", new() { ExitCodes = [0, -1] } },
        { "0 to 1000000000 seconds", new() { MinimumAge = TimeSpan.FromTicks(-1) } },
        { "0 to 1000000000 seconds", new() { MinimumAge = TimeSpan.MaxValue } },
        { "exclude each other", new() { Signals = [Signal.TERM], ExitCodes = [1] } },
        { "is not a failure", new() { Failed = true, ExitCodes = [0] } },
    };

    [Theory]
    [MemberData(nameof(Invalid), DisableDiscoveryEnumeration = true)]
    public void It_is_refused_with_the_range(string message, ExitTraceOptions options)
    {
        ExitTraceException refused = Assert.Throws<ExitTraceException>(() => ExitTrace.Start(options));
        Assert.Equal(ExitTraceError.InvalidOption, refused.Error);
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_signal_and_every_status_has_a_bit_of_its_own()
    {
        foreach (Signal signal in Enum.GetValues<Signal>().Except([Signal.None]))
            Assert.Equal(1UL << ((int)signal - 1), new ExitTraceOptions { Signals = [signal] }.ForProgram().Config.Signals);
        for (int code = 0; code <= 255; code++)
        {
            ExitConfig config = new ExitTraceOptions { ExitCodes = [code] }.ForProgram().Config;
            for (int word = 0; word < 4; word++)
                Assert.Equal(word == code / 64 ? 1UL << (code % 64) : 0, config.ExitCodes[word]);
        }
    }

    [Fact]
    public void Ids_have_the_bit_of_their_last_12_bits()
    {
        ExitConfig config = new ExitTraceOptions { Ids = [1, 4095, 4096 + 64, 4_194_303 - 64] }.ForProgram().Config;
        List<int> set = [.. Enumerable.Range(0, 4096).Where(id => (config.Ids[id / 64] >> (id % 64) & 1) != 0)];
        Assert.Equal([1, 64, 4031, 4095], set);
    }

    [Fact]
    public void What_is_not_asked_for_is_0()
    {
        ExitConfig config = new ExitTraceOptions { Basic = true }.ForProgram().Config;
        Assert.All(System.Runtime.InteropServices.MemoryMarshal.AsBytes(new Span<ExitConfig>(ref config)).ToArray(), b => Assert.Equal(0, b));
        Assert.Equal(1, new ExitTraceOptions().ForProgram().Config.Detail);
    }

    [Theory]
    [InlineData("0-1", 16)]
    [InlineData("0-16", 32)]
    [InlineData("0-31,64-94,96", 64)]
    [InlineData("0-255", 128)]
    public void The_buffer_grows_with_the_processors_that_are_online(string online, int mebibytes) =>
        Assert.Equal(mebibytes, ExitTraceOptions.DefaultBufferSizeFor(Processors.Count(online)));
}
