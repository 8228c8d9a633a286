using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using System.Text.Json;
using ExitSnoop.ModuleTests.Support;

namespace ExitSnoop.ModuleTests.Engine;

/// <summary>
/// The PowerShell that the tests run in: that of the pwsh which EXITSNOOP_PWSH or PATH names. Its
/// assemblies are compiled against, but never copied: they are resolved from its folder at run time.
/// </summary>
internal static class PowerShellHome
{
    private const string Variable = "EXITSNOOP_PWSH";
    private const string Engine = "System.Management.Automation.dll";

    /// <summary>pwsh itself; null where there is none.</summary>
    internal static string? Executable { get; } = FindExecutable();

    /// <summary>Why there is no pwsh to start; null where there is one.</summary>
    internal static string? NoExecutable => Executable is not null ? null
        : Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named
            ? $"{Variable} names {named}, which is not there"
            : $"there is no pwsh on PATH, and {Variable} names none";

    /// <summary>Why no engine can be hosted in this process; null where one can.</summary>
    internal static string? Missing { get; private set; } = "not looked for yet";

    /// <summary>Where its assemblies are.</summary>
    internal static string? Folder { get; private set; }

    // With -p:PowerShellEngine=Sdk it lies beside the tests.
    private static bool IsFromPackage =>
#if POWERSHELL_SDK
        true;
#else
        false;
#endif

    // Before any test is found: from here on the runtime asks us for what it does not have.
    [ModuleInitializer]
    internal static void Prepare()
    {
        // Dates and numbers of this process do not depend on who runs it.
        Environment.SetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT", "1");
        Environment.SetEnvironmentVariable("POWERSHELL_UPDATECHECK", "Off");
        AssemblyLoadContext.Default.Resolving += Resolve;
        if (IsFromPackage)
        {
            Missing = null;
            return;
        }
        Folder = Executable is null ? null : FindFolder(Executable);
        Missing = WhyNot();
        AssemblyLoadContext.Default.ResolvingUnmanagedDll += ResolveNative;
    }

    private static Assembly? Resolve(AssemblyLoadContext context, AssemblyName name)
    {
        string file = name.Name + ".dll";
        string? found = new[] { Paths.Module, Folder }
            .Where(folder => folder is not null)
            .Select(folder => Path.Combine(folder!, file))
            .FirstOrDefault(File.Exists);
        return found is null ? null : context.LoadFromAssemblyPath(found);
    }

    private static string? FindExecutable()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
            return File.Exists(named) ? named : null;
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Select(folder => Path.Combine(folder, "pwsh"))
            .FirstOrDefault(File.Exists);
    }

    private static string? WhyNot()
    {
        if (Executable is null)
            return NoExecutable;
        if (Folder is null)
            return $"the engine of {Executable} was not found";
        Version? runtime = RuntimeOf(Folder);
        return runtime is not null && runtime.Major > Environment.Version.Major
            ? $"the engine in {Folder} needs .NET {runtime}, and the tests run on {Environment.Version}"
            : null;
    }

    // A link on PATH leads to it; a .NET tool's launcher does not, so that one is asked.
    private static string? FindFolder(string executable)
    {
        FileInfo file = new(executable);
        string? folder = (file.ResolveLinkTarget(returnFinalTarget: true) ?? file).FullName is var real ? Path.GetDirectoryName(real) : null;
        if (folder is not null && File.Exists(Path.Combine(folder, Engine)))
            return folder;
        using Process? asked = Process.Start(new ProcessStartInfo(executable, ["-NoProfile", "-NonInteractive", "-Command", "[psobject].Assembly.Location"])
        {
            RedirectStandardOutput = true,
        });
        string answer = asked?.StandardOutput.ReadToEnd().Trim() ?? "";
        return File.Exists(answer) ? Path.GetDirectoryName(answer) : null;
    }

    private static Version? RuntimeOf(string folder)
    {
        string file = Path.Combine(folder, "pwsh.runtimeconfig.json");
        if (!File.Exists(file))
            return null;
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(file));
        JsonElement options = json.RootElement.GetProperty("runtimeOptions");
        return Version.Parse(options.GetProperty("tfm").GetString()!["net".Length..]);
    }

    private static nint ResolveNative(Assembly assembly, string name)
    {
        string file = Path.Combine(Folder ?? "", name.EndsWith(".so", StringComparison.Ordinal) ? name : name + ".so");
        return Folder is not null && NativeLibrary.TryLoad(file, out nint handle) ? handle : 0;
    }
}
