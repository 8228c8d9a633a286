using System.Reflection;

namespace ExitSnoop.Testing;

/// <summary>Where things are: in the repository, and in the folder that the build fills.</summary>
internal static class Paths
{
    internal static string Repository { get; } = Metadata("RepositoryRoot");

    internal static string Out { get; } = Metadata("OutDirectory");

    /// <summary>The module, as a user gets it.</summary>
    internal static string Module { get; } = Path.Combine(Out, "ExitSnoop");

    /// <summary>The console program; only a release build makes it.</summary>
    internal static string Console { get; } = Path.Combine(Out, "exitsnoop");

    /// <summary>Output of the original, recorded; see tests/golden.</summary>
    internal static string[] Golden(string name) =>
        File.ReadAllLines(Path.Combine(Repository, "tests", "golden", $"{name}.out"));

    private static string Metadata(string key) =>
        typeof(Paths).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(pair => pair.Key == key).Value!;
}
