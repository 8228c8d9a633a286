using ExitSnoop.Crash.Unwinding;

namespace ExitSnoop.Tests.Crash;

/// <summary>Demangled names of symbols.</summary>
public sealed class DemanglerTests
{
    [Theory]
    [InlineData("main", "main")]
    [InlineData("memcpy@@GLIBC_2.14", "memcpy")]
    [InlineData("_ZN4shop4TillINSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEEE3payERKS6_", "shop::Till<std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> > >::pay(std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> > const&)")]
    [InlineData("_Znotaname", "_Znotaname")]
    // Rust before version 0: the hash at the end is left out.
    [InlineData("_ZN4core9panicking5panic17h0123456789abcdefE", "core::panicking::panic")]
    [InlineData("_ZN60_$LT$alloc..string..String$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE", "<alloc::string::String as core::fmt::Display>::fmt")]
    // Version 0: examples of RFC 2603 and of rustc's own tests.
    [InlineData("_RNvC6_123foo3bar", "123foo::bar")]
    [InlineData("_RNqCs4fqI2P2rA04_11utf8_identsu30____7hkackfecea1cbdathfdh9hlq6y", "utf8_idents::punycode{___7hkackfecea1cbdathfdh9hlq6y}")]
    [InlineData("_RNCNCNgCs6DXkGYLi8lr_2cc5spawn00B5_", "cc::spawn::{closure#0}::{closure#0}")]
    [InlineData("_RINbNbCskIICzLVDPPb_5alloc5alloc8box_freeDINbNiB4_5boxed5FnBoxuEp6OutputuEL_ECs1iopQbuBiw2_3std", "alloc::alloc::box_free::<dyn alloc::boxed::FnBox<(), Output = ()>>")]
    [InlineData("_RNvXs5_NtCsd4VYFwevHkG_4core3fmtINtNtB7_6option6OptionhENtB5_5Debug3fmt", "<core::option::Option<u8> as core::fmt::Debug>::fmt")]
    [InlineData("_RINtC8arrayvec8ArrayVechKj7b_E", "arrayvec::ArrayVec::<u8, 123>")]
    [InlineData("_RNvNvC4main3foo3bar.llvm.1234", "main::foo::bar")]
    [InlineData("_RNvC", "_RNvC")]
    public void A_symbol_is_shown_as_the_source_names_it(string symbol, string name) =>
        Assert.Equal(name, Demangler.Demangle(Encoding.UTF8.GetBytes(symbol)));

    /// <summary>A name of a few bytes with nested back references would become an endless text.</summary>
    [Fact]
    public void A_hostile_name_ends()
    {
        string bomb = "_RINvC1a1b" + string.Concat(Enumerable.Repeat("TB9_B9_B9_B9_E", 60)) + "E";
        Assert.True(Demangler.Demangle(Encoding.UTF8.GetBytes(bomb)).Length <= 4096);
        Assert.True(Demangler.Demangle(Encoding.UTF8.GetBytes("_Z" + new string('N', 10000))).Length <= 4096);
    }
}
