using System.Globalization;

namespace ExitSnoop;

/// <summary>One function call of a stack.</summary>
/// <param name="Index">0 for the innermost call, where the thread was when the signal came.</param>
/// <param name="InstructionPointer">The address of the instruction: in the innermost frame where it stopped, in others where the call returns to.</param>
/// <param name="Module">The file that is mapped there, by its path in the process's own mounts; null for anonymous memory or none.</param>
/// <param name="Offset">The address within the module as addr2line(1) counts it; within the file where its headers could not be read.</param>
/// <param name="BuildId">The module's build ID in hexadecimal digits; null where it is not known.</param>
/// <param name="Symbol">The function, demangled; null where it is not known.</param>
/// <param name="SymbolOffset">The distance from the beginning of the function, in bytes.</param>
public sealed record StackFrame(
    int Index, ulong InstructionPointer, string? Module, ulong? Offset, string? BuildId, string? Symbol, ulong? SymbolOffset)
{
    /// <summary>The place in a few words: <c>libc.so.6!abort+0x12</c>, <c>libc.so.6+0x3f5c0</c>, <c>0x7f12345678</c>.</summary>
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

    /// <summary>Executable memory of no file, as a just-in-time compiler writes it.</summary>
    internal const string Anonymous = "<anonymous>";

    /// <summary>Reads like a line of gdb's <c>bt</c>: <c>#1  0x00005581c0a3e149 in main+0x9 from /usr/bin/true</c>.</summary>
    public override string ToString()
    {
        string function = Symbol is null ? "??" : $"{DisplayText.Escape(Symbol)}+0x{SymbolOffset:x}";
        string module = Module is not null ? $" from {DisplayText.Escape(Module)}" : Offset is not null ? $" from {Anonymous}" : "";
        return string.Create(CultureInfo.InvariantCulture, $"#{Index,-2} 0x{InstructionPointer:x16} in {function}{module}");
    }
}
