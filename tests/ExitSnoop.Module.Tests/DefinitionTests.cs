using ExitSnoop.ModuleTests.Engine;
using ExitSnoop.ModuleTests.Support;
using Xunit;

namespace ExitSnoop.ModuleTests;

/// <summary>Get-ProcessExitEventDefinition: what an event is, without privileges and without loading anything.</summary>
public sealed class DefinitionTests
{
    [Theory]
    [InlineData("")]
    [InlineData("-Signal SEGV, KILL -MinimumAge 1.5 -User root -Label 'a*/b' -Basic -IncludeChildren -Id 1")]
    public void The_source_compiles(string parameters)
    {
        string clang = Need.Program("clang");
        using Shell shell = Shell.Open();
        using TestFolder folder = new();
        ShellResult result = shell.Run($"Get-ProcessExitEventDefinition -Source {parameters}");
        Assert.Empty(result.Errors);
        string source = folder.Write("program.bpf.c", Assert.IsType<string>(Assert.Single(result.Output)));

        CommandResult compiled = Command.Run(clang, ["-g", "-O2", "-target", "bpf", "-mcpu=v3", "-Wall", "-Werror", "-c", source, "-o", folder.Path("program.o")]);
        Assert.True(compiled.ExitCode == 0, compiled.ToString());
        Assert.True(new FileInfo(folder.Path("program.o")).Length > 0);
    }

    [Fact]
    public void The_source_is_headed_by_version_parameters_and_what_they_set()
    {
        using Shell shell = Shell.Open();
        string text = Assert.IsType<string>(shell.Run("Get-ProcessExitEventDefinition -Source -Id 181 -Failed -PerThread").Output[0]);
        string heading = text[..text.IndexOf("*/", StringComparison.Ordinal)];

        Assert.StartsWith("/*", text, StringComparison.Ordinal);
        Assert.Contains($"ExitSnoop {shell.Run("(Get-Module ExitSnoop).Version.ToString()").Output[0]}: ", heading, StringComparison.Ordinal);
        Assert.Contains("-Source -Id 181 -Failed -PerThread", heading, StringComparison.Ordinal);
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
