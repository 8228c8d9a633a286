using System.Globalization;

namespace ExitSnoop;

/// <summary>One function call of a stack.</summary>
/// <param name="Index">0 for the innermost call, in which the thread was when the signal was delivered.</param>
/// <param name="InstructionPointer">In the innermost frame the address of the instruction at which the thread ended; in others the return address.</param>
/// <param name="Module">The path of the mapped file, in the mount namespace of the process; null for anonymous memory and outside of any mapping.</param>
/// <param name="Offset">
/// The address within the module, as addr2line(1) expects it; the offset in the file if its headers could not be read; the offset in
/// the mapping for anonymous memory; null outside of any mapping.
/// </param>
/// <param name="BuildId">The build ID of the module in hexadecimal digits; null if it is not known.</param>
/// <param name="Symbol">The function, demangled; null if it is not known.</param>
/// <param name="SymbolOffset">The distance from the beginning of the function in bytes; null if the function is not known.</param>
public sealed record StackFrame(
    int Index, ulong InstructionPointer, string? Module, ulong? Offset, string? BuildId, string? Symbol, ulong? SymbolOffset)
{
    /// <summary>The place as a short text: <c>libc.so.6!abort+0x12</c>, <c>libc.so.6+0x3f5c0</c>, <c>0x7f12345678</c>.</summary>
    internal string Place
    {
        get
        {
            string module = Module is null ? "" : System.IO.Path.GetFileName(Module);
            return Symbol is not null ? $"{module}!{Symbol}+0x{SymbolOffset:x}"
                : Offset is not null ? $"{(module.Length > 0 ? module : Anonymous)}+0x{Offset:x}"
                : string.Create(CultureInfo.InvariantCulture, $"0x{InstructionPointer:x}");
        }
    }

    /// <summary>The name for executable memory without a file, in which just-in-time compilers place code.</summary>
    internal const string Anonymous = "<anonymous>";

    /// <summary>A line like those of <c>bt</c> in gdb: <c>#1  0x00005581c0a3e149 in main+0x9 from /usr/bin/true</c>.</summary>
    public override string ToString()
    {
        string function = Symbol is null ? "??" : $"{DisplayText.Escape(Symbol)}+0x{SymbolOffset:x}";
        string module = Module is not null ? $" from {DisplayText.Escape(Module)}" : Offset is not null ? $" from {Anonymous}" : "";
        return string.Create(CultureInfo.InvariantCulture, $"#{Index,-2} 0x{InstructionPointer:x16} in {function}{module}");
    }
}
