using System.Runtime.InteropServices;
using ExitSnoop.Crash.Unwinding;
using Microsoft.Win32.SafeHandles;

namespace ExitSnoop.Tests.Crash;

/// <summary>The functions of addresses, compared with libdw, which finds one address at a time.</summary>
public sealed unsafe class SymbolSearchTests
{
    private const ulong Bias = 0x10000000;

    public static TheoryData<string> Files => [CrashingProgram.Plain, CrashingProgram.Throw, "libc.so.6", "libstdc++.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"];

    [Theory]
    [MemberData(nameof(Files))]
    public void Many_addresses_have_the_functions_that_libdw_finds_one_by_one(string file)
    {
        string? path = Path.IsPathRooted(file) ? file : SharedLibrary.Find(file);
        Assert.SkipWhen(path is null, $"there is no {file}");
        Assert.SkipUnless(LibDw.IsAvailable, "there is no libdw");
        LibDw.Callbacks callbacks = new() { FindDebugInfo = &FindNothing };
        nint session = LibDw.dwfl_begin(&callbacks);
        try
        {
            LibDw.dwfl_report_begin(session);
            // libdw closes it.
            using SafeFileHandle opened = File.OpenHandle(path);
            Assert.NotEqual(0, LibDw.dwfl_report_elf(session, "it", "it", ExitSnoop.Linux.LibC.Duplicate((int)opened.DangerousGetHandle()), Bias, addFileAddress: true));
            _ = LibDw.dwfl_report_end(session, 0, 0);
            ulong[] all = [.. Enumerable.Range(0, 700).Select(i => Bias + ((ulong)i * 2903))];
            nint module = all.Select(address => LibDw.dwfl_addrmodule(session, address)).First(module => module != 0);
            ulong[] addresses = [.. all.Where(address => LibDw.dwfl_addrmodule(session, address) == module)];
            Assert.Equal(addresses.Select(address => OneByOne(module, address)), SymbolSearch.Find(module, addresses));
        }
        finally
        {
            LibDw.dwfl_end(session);
        }
    }

    private static (string?, ulong) OneByOne(nint module, ulong address)
    {
        byte* name = LibDw.dwfl_module_addrinfo(module, address, out ulong offset, out _, null, null, null);
        return name is null || *name == 0 ? (null, 0) : (Demangler.Demangle(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name)), offset);
    }

    [UnmanagedCallersOnly]
    private static int FindNothing(nint module, nint* userData, byte* name, ulong start, byte* fileName, byte* debugLink, uint checksum, byte** found) => -1;
}
