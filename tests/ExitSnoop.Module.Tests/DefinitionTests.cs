namespace ExitSnoop.ModuleTests;

/// <summary>Get-ProcessExitEventDefinition describes events without privileges and without loading anything.</summary>
public sealed class DefinitionTests
{
    // The tests of the library check that the source compiles.
    [Fact]
    public void The_source_is_headed_by_version_parameters_and_what_they_set()
    {
        using Shell shell = Shell.Open();
        string text = Assert.IsType<string>(shell.Run("Get-ProcessExitEventDefinition -Source -Id 181 -Failed -PerThread -Service 'web*' -ExcludeUser 0; $null = 'a secret'").Output[0]);
        string heading = text[..text.IndexOf("*/", StringComparison.Ordinal)];

        Assert.StartsWith("/*", text, StringComparison.Ordinal);
        Assert.Contains($"ExitSnoop {shell.Run("(Get-Module ExitSnoop).Version.ToString()").Output[0]}: ", heading, StringComparison.Ordinal);
        Assert.Contains("Get-ProcessExitEventDefinition -Source -Id 181 -Failed -PerThread -Service web* -ExcludeUser 0\n", heading, StringComparison.Ordinal);
        Assert.Contains("does: the service, excluded users.", heading, StringComparison.Ordinal);
        Assert.Matches(@"by_id = 1\b.*\b181\b", heading);
        Assert.Matches(@"failed = 1\b", heading);
        Assert.Matches(@"per_thread = 1\b", heading);
        Assert.DoesNotContain("#include \"", text, StringComparison.Ordinal);
    }

    [Fact]
    public void It_works_without_privileges_and_loads_nothing()
    {
        using UnprivilegedShell nobody = new();
        CommandResult result = nobody.Run("(Get-ProcessExitEventDefinition).Count; (Get-ProcessExitEventDefinition -Source).Length", capabilities: "");

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal("", result.Error);
        Assert.Equal(2, result.Lines.Length);
        Assert.All(result.Lines, line => Assert.True(int.Parse(line) > 50));
    }
}
