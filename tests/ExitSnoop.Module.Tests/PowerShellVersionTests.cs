namespace ExitSnoop.ModuleTests;

/// <summary>The package Microsoft.PowerShell.SDK and the tool PowerShell must have the same version.</summary>
public sealed class PowerShellVersionTests
{
    private static string Pinned { get; } = JsonDocument.Parse(File.ReadAllText(Path.Combine(Paths.Repository, ".config", "dotnet-tools.json")))
        .RootElement.GetProperty("tools").GetProperty("powershell").GetProperty("version").GetString()!;

    [Fact]
    public void The_engine_in_this_process_has_the_version_of_the_tool_manifest()
    {
        using Shell shell = Shell.Open(import: false);
        Assert.Equal([Pinned], shell.Run("[string]$PSVersionTable.PSVersion").Output);
    }

    [Fact]
    public void The_pwsh_that_tests_start_has_the_version_of_the_tool_manifest() =>
        Assert.Equal($"PowerShell {Pinned}\n", Command.Run(Pwsh.Executable, ["--version"]).Output);
}
