using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace ExitSnoop.Commands.Completion;

/// <summary>Completes the names of running processes, as patterns that match just them.</summary>
internal sealed class ProcessNameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        CompletionWord word = new(wordToComplete);
        // Not kernel threads: /proc shows them by longer names than those they die with (wq_worker_comm).
        foreach (IGrouping<string, RunningProcess> processes in RunningProcess.All()
            .Where(process => process.Arguments.Length > 0)
            .GroupBy(process => process.FullName)
            .Where(processes => processes.Key.Length > 0 && word.Fits(processes.Key))
            .OrderBy(processes => processes.Key, StringComparer.OrdinalIgnoreCase))
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
