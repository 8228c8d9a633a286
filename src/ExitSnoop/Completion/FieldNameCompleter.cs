using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace ExitSnoop.Commands.Completion;

/// <summary>Completes the names of an event's properties and of the record's fields, properties first.</summary>
internal class FieldNameCompleter : IArgumentCompleter
{
    /// <summary>Whether it can be named.</summary>
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

/// <summary>Completes the names of an event's properties.</summary>
internal sealed class PropertyNameCompleter : FieldNameCompleter
{
    /// <inheritdoc/>
    protected override bool IsOffered(ExitEventField field) => field.Offset is null;
}
