using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace ExitSnoop.Commands.Completion;

/// <summary>Completes the beginning of an ID, and replaces the name of a process by its ID.</summary>
internal sealed class ProcessIdCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        CompletionWord word = new(wordToComplete);
        foreach (RunningProcess process in RunningProcess.All())
        {
            string id = process.Id.ToString(CultureInfo.InvariantCulture);
            if (word.Fits(id) || word.Fits(process.Name))
                yield return word.Offer(id, $"{id} - {process.Name}", $"{process.Name}: {process.Description}");
        }
    }
}
