using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace ExitSnoop.Commands.Completion;

/// <summary>Completes the paths of the executables that run now, as patterns that match just them.</summary>
internal sealed class ExecutablePathCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        CompletionWord word = new(wordToComplete);
        foreach (IGrouping<string, RunningProcess> processes in RunningProcess.All()
            .GroupBy(process => process.ExecutablePath)
            .Where(processes => processes.Key.Length > 0 && word.Fits(processes.Key))
            .OrderBy(processes => processes.Key, StringComparer.Ordinal))
        {
            RunningProcess first = processes.First();
            int count = processes.Count();
            yield return word.Offer(
                RunningProcess.Pattern(processes.Key),
                processes.Key,
                count == 1 ? $"{first.Id}: {first.Description}" : $"{count} processes, {first.Id} the first: {first.Description}");
        }
    }
}
