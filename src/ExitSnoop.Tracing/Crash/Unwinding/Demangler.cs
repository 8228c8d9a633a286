using System.Runtime.InteropServices;
using System.Text;

namespace ExitSnoop.Crash.Unwinding;

/// <summary>Demangles the names of symbols: those of C++ with libstdc++, those of Rust with <see cref="RustDemangler"/>.</summary>
internal static unsafe partial class Demangler
{
    private const string Library = "libstdc++.so.6";

    /// <summary>Whether libstdc++ can be loaded, so that C++ names can be demangled.</summary>
    internal static bool HasLibrary { get; } = NativeLibrary.TryLoad(Library, out _);

    internal static string Demangle(ReadOnlySpan<byte> symbol)
    {
        string name = Encoding.UTF8.GetString(symbol);
        // A version, as in "memcpy@@GLIBC_2.14", is not part of the name.
        if (name.IndexOf('@', StringComparison.Ordinal) is > 0 and int version)
            name = name[..version];
        string readable = name.StartsWith("_R", StringComparison.Ordinal) ? RustDemangler.Demangle(name) ?? name
            : name.StartsWith("_Z", StringComparison.Ordinal) ? RustDemangler.DemangleLegacy(name) ?? DemangleCpp(name) ?? name
            : name;
        return readable.Length <= UnwindResponse.SymbolMaximum ? readable : readable[..(UnwindResponse.SymbolMaximum - 3)] + "...";
    }

    private static string? DemangleCpp(string name)
    {
        if (!HasLibrary)
            return null;
        byte* text = __cxa_demangle(name, null, null, out _);
        string? readable = Marshal.PtrToStringUTF8((nint)text);
        NativeMemory.Free(text);
        return readable;
    }

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    private static partial byte* __cxa_demangle(string name, byte* buffer, nuint* length, out int status);
}
