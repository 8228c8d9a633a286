namespace ExitSnoop.ModuleTests;

/// <summary>Importing the module from a built clone, and a second copy of it.</summary>
public sealed class ImportTests
{
    [Fact]
    public void A_built_clone_is_imported_by_its_manifest()
    {
        CommandResult result = Command.Run(
            Pwsh.Executable,
            ["-NoProfile", "-Command", """
                Import-Module ./ExitSnoop.psd1
                (Get-Module).Name -contains 'ExitSnoop'
                (Get-ProcessExitEventDefinition)[0].Name
                (Get-FormatData ExitSnoop.ExitEvent).FormatViewDefinition.Name -join ' '
                """],
            Paths.Repository,
            Pwsh.Environment());
        Assert.Equal("", result.Error);
        Assert.Equal(["True", "exit_time", "ExitSnoop Why Crash Resources Everything"], result.Lines);
    }

    [Fact]
    public void A_second_copy_is_imported_without_an_error()
    {
        using TestFolder folder = new();
        string copy = folder.CopyModule();
        CommandResult result = Pwsh.Run($$"""
            Import-Module '{{copy}}'; Import-Module '{{copy}}' -Force; Remove-Module ExitSnoop; Import-Module '{{Paths.Module}}'
            (Get-TypeData ExitSnoop.ExitEvent).Members.ContainsKey('ProcessName')
            $Error.Count
            """);
        Assert.Equal("", result.Error);
        Assert.Equal(["True", "0"], result.Lines);
    }
}
