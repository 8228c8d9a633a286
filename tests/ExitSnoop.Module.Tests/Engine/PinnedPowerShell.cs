using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace ExitSnoop.ModuleTests.Engine;

/// <summary>
/// The PowerShell of .config/dotnet-tools.json, whatever pwsh is on PATH: in this process it comes from the
/// package Microsoft.PowerShell.SDK, as a program from the restored tool.
/// </summary>
internal static class PinnedPowerShell
{
    /// <summary>Where the tool's files are: those that the build has compiled, or else those of the package.</summary>
    internal static string Folder { get; } = Directory.Exists(Metadata("CompiledPowerShell")) ? Metadata("CompiledPowerShell") : Metadata("PowerShellTool");

    /// <summary>pwsh itself. The tool's own launcher would put a process named dotnet between it and the test.</summary>
    internal static string Executable { get; } = Path.Combine(Folder, "pwsh");

    /// <summary>Modules that come with the program and are missing from the package, such as ThreadJob.</summary>
    internal static string Modules { get; } = Path.Combine(Folder, "Modules");

    private static string Metadata(string key) =>
        typeof(PinnedPowerShell).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(pair => pair.Key == key).Value!;

    // This runs before tests are discovered. From then on the runtime asks this resolver for missing assemblies.
    [ModuleInitializer]
    internal static void Prepare()
    {
        Environment.SetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT", "1");
        Environment.SetEnvironmentVariable("POWERSHELL_UPDATECHECK", "Off");
        AssemblyLoadContext.Default.Resolving += Resolve;
    }

    // Tests and cmdlets must share the types of the library, so both load it from the built module.
    private static Assembly? Resolve(AssemblyLoadContext context, AssemblyName name)
    {
        string file = Path.Combine(Paths.Module, name.Name + ".dll");
        return File.Exists(file) ? context.LoadFromAssemblyPath(file) : null;
    }
}
