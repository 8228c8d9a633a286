using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace ExitSnoop.Commands.Completion;

/// <summary>Completes what labels are for: to tell apart the events of several tools, or of several machines.</summary>
internal sealed class LabelCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        CompletionWord word = new(wordToComplete);
        (string Label, string Meaning)[] labels =
        [
            ("exit", "as the original labels them, in a log that has other events too"),
            (Environment.MachineName, "this machine's name, for a log of several machines"),
        ];
        foreach ((string label, string meaning) in labels)
            if (word.Fits(label))
                yield return word.Offer(label, label, meaning);
    }
}
