using ExitSnoop.Crash;

namespace ExitSnoop.Tests.Crash;

/// <summary>Which frame a crash is named after.</summary>
public sealed class CrashSiteTests
{
    public static TheoryData<string> Functions => [.. CrashSite.RuntimeFunctions];

    public static TheoryData<string> Modules => [.. CrashSite.RuntimeModules];

    [Theory]
    [MemberData(nameof(Functions))]
    public void An_abort_is_not_named_after_a_function_of_the_runtime(string name)
    {
        string symbol = name.Replace("*", "_and_more", StringComparison.Ordinal);
        Assert.Equal("guilty", Site(Signal.ABRT, Frame("/app", symbol), Frame("/app", "guilty"), Frame("/app", "main")));
        // Without a star in the list, a longer name is a function of the program.
        if (!name.EndsWith('*'))
            Assert.Equal(name + "_of_mine", Site(Signal.ABRT, Frame("/app", name + "_of_mine"), Frame("/app", "guilty")));
    }

    [Theory]
    [MemberData(nameof(Modules))]
    public void An_abort_is_not_named_after_a_library_of_the_runtime(string begins) =>
        Assert.Equal("guilty", Site(Signal.ABRT, Frame($"/usr/lib/{begins}6", null), Frame($"/usr/lib/{begins}6", "any"), Frame("/app", "guilty")));

    [Fact]
    public void A_fault_in_libc_is_named_after_libc() =>
        Assert.Equal("strlen", Site(Signal.SEGV, Frame("/lib/libc.so.6", "strlen"), Frame("/app", "guilty")));

    [Fact]
    public void A_signal_that_the_thread_raised_itself_is_named_after_who_raised_it() =>
        Assert.Equal("guilty", Site(Signal.SEGV, Frame("/lib/libc.so.6", null), Frame("/lib/libc.so.6", "raise"), Frame("/app", "guilty")));

    [Fact]
    public void Where_all_is_the_runtimes_it_is_the_innermost() =>
        Assert.Equal("raise", Site(Signal.ABRT, Frame("/lib/libc.so.6", "raise"), Frame("/lib/libc.so.6", "abort")));

    [Theory]
    [InlineData("/usr/lib/libvips.so.42", 0x1c3f0UL, "vips_image_new", "libvips.so.42!vips_image_new+0x1c")]
    [InlineData("/usr/lib/libvips.so.42", 0x1c3f0UL, null, "libvips.so.42+0x1c3f0")]
    [InlineData(null, 0x10UL, null, "<anonymous>+0x10")]
    [InlineData(null, null, null, "0x7f1200001000")]
    public void The_place_is_the_module_with_the_symbol_or_the_offset(string? module, ulong? offset, string? symbol, string place) =>
        Assert.Equal(place, new StackFrame(0, 0x7f1200001000, module, offset, null, symbol, symbol is null ? null : 0x1c).Place);

    private static string? Site(Signal signal, params StackFrame[] frames) => CrashSite.Choose(frames, signal).Symbol;

    private static StackFrame Frame(string module, string? symbol) => new(0, 0x1000, module, 0x10, null, symbol, symbol is null ? null : 0);
}
