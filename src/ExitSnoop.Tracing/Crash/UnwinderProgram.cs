using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace ExitSnoop.Crash;

/// <summary>Where the console program is, which has the unwinder in it.</summary>
internal static class UnwinderProgram
{
    private const string Name = "exitsnoop";

    /// <summary>This process's own program where it is the console's; else the one that the module carries; null where there is none.</summary>
    internal static string? Find()
    {
        if (Path.GetFileName(Environment.ProcessPath) == Name)
            return "/proc/self/exe";
        string architecture = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "x64";
        string beside = Path.Join(LibraryFolder, "runtimes", "linux-" + architecture, "native", Name);
        return File.Exists(beside) ? beside : null;
    }

    [UnconditionalSuppressMessage("SingleFile", "IL3000", Justification = "In a single file the program is the console's, and was found before.")]
    private static string? LibraryFolder => Path.GetDirectoryName(typeof(UnwinderProgram).Assembly.Location);
}
