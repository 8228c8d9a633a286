using System.Runtime.InteropServices;

namespace ExitSnoop.Tests;

/// <summary>A program of .NET that crashes in native code: it asks libc for the length of the text at address 0.</summary>
internal static partial class CrashProgram
{
    internal const string Name = "crash";

    internal static int Run() => (int)strlen(0);

    [LibraryImport("libc")]
    private static partial nint strlen(nint text);
}
