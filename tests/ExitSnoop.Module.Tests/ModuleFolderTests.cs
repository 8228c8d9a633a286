namespace ExitSnoop.ModuleTests;

/// <summary>The folder of the module: what it exports, that it is found, and how long an import takes.</summary>
public sealed class ModuleFolderTests
{
    private static readonly TimeSpan ImportLimit = TimeSpan.FromMilliseconds(500);

    [Fact]
    public void The_manifest_is_clean_and_exports_what_the_assembly_has()
    {
        using Shell shell = Shell.Open();
        ShellResult result = shell.Run($"""
            $manifest = Test-ModuleManifest '{Paths.Module}/ExitSnoop.psd1'
            ($manifest.ExportedCmdlets.Keys | Sort-Object) -join ','
            ((Get-Module ExitSnoop).ExportedCmdlets.Keys | Sort-Object) -join ','
            $manifest.ExportedAliases.Keys -join ','
            (Get-Alias exitsnoop).Definition
            [string]$manifest.PowerShellVersion
            """);
        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
        Assert.Equal(result.Output[0], result.Output[1]);
        Assert.Contains("Watch-ProcessExit", (string)result.Output[0]!, StringComparison.Ordinal);
        Assert.Contains("Get-ProcessExitEventDefinition", (string)result.Output[0]!, StringComparison.Ordinal);
        Assert.Equal(["exitsnoop", "Watch-ProcessExit", "7.6"], result.Output.Skip(2));
    }

    [Fact]
    public void It_holds_two_assemblies_and_nothing_of_PowerShell_s()
    {
        string[] files = [.. Directory.EnumerateFiles(Paths.Module, "*", SearchOption.AllDirectories).Select(Path.GetFileName)!];
        Assert.DoesNotContain(files, file => file.StartsWith("System.", StringComparison.Ordinal));
        Assert.Equal(["ExitSnoop.Tracing.dll", "ExitSnoop.dll"], files.Where(file => file.EndsWith(".dll", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Fact]
    [Trait("measures", "time")]
    public void It_is_imported_in_half_a_second_at_most()
    {
        MedianTime.AssertWithin(ImportLimit, () => TimeSpan.FromMilliseconds(int.Parse(Command.Run(
            Pwsh.Executable,
            ["-NoProfile", "-Command", $"[int](Measure-Command {{ Import-Module '{Paths.Module}' }}).TotalMilliseconds"],
            null,
            Pwsh.Environment()).Output.Trim())));
    }

    [Fact]
    public void Importing_it_again_and_again_works()
    {
        using Shell shell = Shell.Open();
        ShellResult result = shell.Run($"1..3 | ForEach-Object {{ Remove-Module ExitSnoop; Import-Module '{Paths.Module}'; Import-Module '{Paths.Module}' -Force }}; (Get-ProcessExitEventDefinition).Count -gt 20");
        Assert.Empty(result.Errors);
        Assert.Equal([true], result.Output);
    }
}
