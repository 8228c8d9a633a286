using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace ExitSnoop.Commands.Completion;

/// <summary>Completes the names of the properties of an event and of the fields of the record, properties first.</summary>
internal class FieldNameCompleter : IArgumentCompleter
{
    /// <summary>Whether to offer a field.</summary>
    protected virtual bool IsOffered(ExitEventField field) => true;

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        CompletionWord word = new(wordToComplete);
        foreach (ExitEventField field in ExitEventDefinition.Fields.OrderBy(field => field.Offset is not null))
            if (IsOffered(field) && word.Fits(field.Name))
                yield return word.Offer(field.Name, field.Name, $"{field.Type}: {field.Description}");
    }
}

/// <summary>Completes the names of the properties of an event.</summary>
internal sealed class PropertyNameCompleter : FieldNameCompleter
{
    /// <inheritdoc/>
    protected override bool IsOffered(ExitEventField field) => field.Offset is null;
}
