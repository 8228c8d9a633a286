using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace ExitSnoop.Commands.Completion;

/// <summary>Offers labels that distinguish the events of several tools or machines.</summary>
internal sealed class LabelCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        CompletionWord word = new(wordToComplete);
        (string Label, string Meaning)[] labels =
        [
            ("exit", "the label of the original, for a log with other events"),
            (Environment.MachineName, "this machine's name, for a log of several machines"),
        ];
        foreach ((string label, string meaning) in labels)
            if (word.Fits(label))
                yield return word.Offer(label, label, meaning);
    }
}
