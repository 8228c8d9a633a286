using System.Management.Automation;
using System.Reflection;

namespace ExitSnoop.Commands.Parameters;

/// <summary>
/// Detects an option of the console program that is given to a cmdlet. This happens because the console program and the
/// alias of the cmdlet are both called exitsnoop, and PowerShell treats a word that begins with two dashes as a value.
/// </summary>
internal static class ConsoleOption
{
    private const string Dashes = "--";

    private static readonly Dictionary<string, string> Others = new(StringComparer.OrdinalIgnoreCase)
    {
        ["--pid"] = "-Id",
        ["--parent"] = "-ParentId",
        ["--why"] = "Watch-ProcessExit | Format-Table -View Why",
        ["--json"] = "Watch-ProcessExit | ForEach-Object ToJson",
        ["--ebpf"] = "Get-ProcessExitEventDefinition -Source",
        ["--help"] = "Get-Help Watch-ProcessExit",
        ["--version"] = "(Get-Module ExitSnoop).Version",
        ["--verbose"] = "-Verbose",
        ["--debug"] = "-Debug",
    };

    /// <exception cref="ArgumentTransformationMetadataException">The value is such an option. The message names the parameter to use.</exception>
    internal static void Refuse(object? value)
    {
        if ((value is PSObject wrapped ? wrapped.BaseObject : value) is not string word || !word.StartsWith(Dashes, StringComparison.Ordinal))
            return;
        string option = word.Split('=')[0];
        string remedy = Others.GetValueOrDefault(option) ?? Parameter(option) ?? "Get-Help Watch-ProcessExit to see them";
        throw new ArgumentTransformationMetadataException(
            $"'{option}' is an option of the console program exitsnoop. This is a cmdlet, whose parameters begin with one dash. Use {remedy}.");
    }

    // The parameter for an option: -MaxEvents for --max-events, for example.
    private static string? Parameter(string option)
    {
        string name = option.Replace("-", "", StringComparison.Ordinal);
        return typeof(WatchProcessExitCommand).GetProperties()
            .FirstOrDefault(property => property.Name.Equals(name, StringComparison.OrdinalIgnoreCase) && property.IsDefined(typeof(ParameterAttribute)))
            is { } parameter ? "-" + parameter.Name : null;
    }
}
