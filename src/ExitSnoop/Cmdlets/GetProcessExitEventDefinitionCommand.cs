using System.Management.Automation;
using ExitSnoop.Commands.Completion;
using ExitSnoop.Commands.Parameters;

namespace ExitSnoop.Commands;

/// <summary>Describes the fields of an event, or shows the BPF program. Needs no privileges and loads nothing.</summary>
[Cmdlet(VerbsCommon.Get, "ProcessExitEventDefinition", DefaultParameterSetName = FieldSet)]
[OutputType(typeof(ExitEventField), ParameterSetName = [FieldSet])]
[OutputType(typeof(string), ParameterSetName = [FilterSet])]
public sealed class GetProcessExitEventDefinitionCommand : ExitTraceOptionsCommand
{
    private const string FieldSet = "Field";

    /// <summary>Only these fields and properties. Wildcards are allowed. This hides the filter of the same name, which changes nothing in the program.</summary>
    [Parameter(ParameterSetName = FieldSet, Position = 0)]
    [SupportsWildcards]
    [Wildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(FieldNameCompleter))]
    public override string[]? Name { get; set; }

    /// <summary>Writes the BPF program as C text, with a comment about the values that the filters set in it.</summary>
    [Parameter(ParameterSetName = FilterSet, Mandatory = true)]
    public SwitchParameter Source { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (Source)
            WriteObject(ExitProgramSource.GetText(CreateOptions(), Invocation()));
        else if (Name is null)
            WriteObject(ExitEventDefinition.Fields, enumerateCollection: true);
        else
            WriteFields(Name);
    }

    // Not the line that was typed, because it can contain other commands with secrets.
    private string Invocation() => string.Join(' ',
    [
        MyInvocation.MyCommand.Name,
        .. MyInvocation.BoundParameters.Select(given => given.Value is SwitchParameter
            ? $"-{given.Key}"
            : $"-{given.Key} {string.Join(", ", LanguagePrimitives.GetEnumerable(given.Value)?.Cast<object>() ?? [given.Value])}"),
    ]);

    private void WriteFields(string[] names)
    {
        WildcardPattern[] patterns = [.. names.Select(name => new WildcardPattern(name, WildcardOptions.IgnoreCase))];
        foreach (ExitEventField field in ExitEventDefinition.Fields)
            if (Array.Exists(patterns, pattern => pattern.IsMatch(field.Name)))
                WriteObject(field);
        foreach (string name in names)
            if (!WildcardPattern.ContainsWildcardCharacters(name)
                && !ExitEventDefinition.Fields.Any(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
                WriteError(new ErrorRecord(
                    new ArgumentException($"An event has no field or property '{name}'. Get-ProcessExitEventDefinition without -Name lists them."),
                    "FieldNotFound", ErrorCategory.ObjectNotFound, name));
    }
}
