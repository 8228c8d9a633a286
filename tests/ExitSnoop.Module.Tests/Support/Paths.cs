using System.Reflection;

namespace ExitSnoop.ModuleTests.Support;

/// <summary>Where things are: in the repository, and in the folder that the build fills.</summary>
internal static class Paths
{
    internal static string Repository { get; } = Metadata("RepositoryRoot");

    internal static string Out { get; } = Metadata("OutDirectory");

    /// <summary>The module, as a user gets it.</summary>
    internal static string Module { get; } = Path.Combine(Out, "ExitSnoop");

    internal static string Program(string name) => Path.Combine(Out, "programs", name);

    internal static string Storm { get; } = Path.Combine(Out, "bench", "storm");

    /// <summary>Output of the original, recorded; see tests/golden.</summary>
    internal static string[] Golden(string name) =>
        File.ReadAllLines(Path.Combine(Repository, "tests", "golden", $"{name}.out"));

    internal static string Metadata(string key) =>
        typeof(Paths).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(pair => pair.Key == key).Value!;
}
