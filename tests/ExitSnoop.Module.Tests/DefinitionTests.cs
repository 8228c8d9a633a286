using System.Reflection;
using ExitSnoop.ModuleTests.Engine;
using ExitSnoop.ModuleTests.Support;
using Xunit;

namespace ExitSnoop.ModuleTests;

/// <summary>Get-ProcessExitEventDefinition: what an event is, without privileges and without loading anything.</summary>
public sealed class DefinitionTests
{
    [Fact]
    public void Every_property_of_an_event_is_described()
    {
        using Shell shell = Shell.Open();
        ExitEventField[] fields = [.. shell.Run("Get-ProcessExitEventDefinition").Output.Cast<ExitEventField>()];
        ExitEventField[] derived = [.. fields.Where(field => field.Offset is null)];

        Assert.Equal(
            typeof(ExitEvent).GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => property.Name).Order(),
            derived.Select(field => field.Name).Order());
        Assert.All(fields, field => Assert.NotEmpty(field.Description));
        Assert.All(fields, field => Assert.NotEmpty(field.Type));
        foreach (ExitEventField field in derived)
        {
            Type type = typeof(ExitEvent).GetProperty(field.Name)!.PropertyType;
            string name = (Nullable.GetUnderlyingType(type) ?? type).Name.Replace("[]", "", StringComparison.Ordinal);
            Assert.Contains(
                field.Type.TrimEnd('?').Replace("[]", "", StringComparison.Ordinal),
                (string[])[name, $"ExitSnoop.{name}", name.ToLowerInvariant(), name switch { "Int32" => "int", "UInt32" => "uint", "Int64" => "long", "UInt64" => "ulong", "Boolean" => "bool", _ => name }]);
        }
    }

    [Fact]
    public void The_record_s_fields_come_first_one_behind_the_other()
    {
        using Shell shell = Shell.Open();
        ExitEventField[] fields = [.. shell.Run("Get-ProcessExitEventDefinition").Output.Cast<ExitEventField>()];
        int next = 0;
        foreach (ExitEventField field in fields.TakeWhile(field => field.Offset is not null))
        {
            Assert.Equal(next, field.Offset);
            Assert.InRange(field.Size ?? 0, 1, 64);
            next += field.Size!.Value;
        }
        Assert.True(next > 0);
        Assert.DoesNotContain(fields.SkipWhile(field => field.Offset is not null), field => field.Offset is not null || field.Size is not null);
    }

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
