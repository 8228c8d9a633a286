using System.Runtime.InteropServices;

namespace ExitSnoop.Testing;

/// <summary>Libraries of this system, as its dynamic loader finds them.</summary>
internal static class SharedLibrary
{
    /// <summary>The path of a library by its soname, of this architecture; null where there is none.</summary>
    internal static string? Find(string soname)
    {
        string architecture = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? "x86-64" : "AArch64";
        return Command.Run(Need.Program("ldconfig"), ["-p"]).Lines
            .FirstOrDefault(line => line.StartsWith($"\t{soname} ", StringComparison.Ordinal) && line.Contains(architecture, StringComparison.Ordinal))?.Split("=> ")[1];
    }

    /// <summary>The file that its path leads to; skips the test where there is none.</summary>
    internal static string File(string soname)
    {
        string? path = Find(soname);
        Need.Unless(path is null ? $"the system has no {soname}" : null);
        return new FileInfo(path!).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path!;
    }
}
