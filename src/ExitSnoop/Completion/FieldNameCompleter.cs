using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace ExitSnoop.Commands.Completion;

/// <summary>Completes the names of an event's properties and of the record's fields, properties first.</summary>
internal sealed class FieldNameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        CompletionWord word = new(wordToComplete);
        foreach (ExitEventField field in ExitEventDefinition.Fields.OrderBy(field => field.Offset is not null))
            if (word.Fits(field.Name))
                yield return word.Offer(field.Name, field.Name, $"{field.Type}: {field.Description}");
    }
}
