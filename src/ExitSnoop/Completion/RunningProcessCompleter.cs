using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace ExitSnoop.Commands.Completion;

/// <summary>Completes a text that running processes have, as patterns that match just that text.</summary>
internal abstract class RunningProcessCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        CompletionWord word = new(wordToComplete);
        foreach (IGrouping<string, RunningProcess> processes in RunningProcess.All()
            .GroupBy(process => Text(process) ?? "")
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

    /// <summary>The text of a process; null or empty for one that has none.</summary>
    protected abstract string? Text(RunningProcess process);
}

/// <summary>Completes the names of running processes.</summary>
internal sealed class ProcessNameCompleter : RunningProcessCompleter
{
    /// <inheritdoc/>
    /// <remarks>Not kernel threads: /proc shows them by longer names than those they die with (wq_worker_comm).</remarks>
    protected override string? Text(RunningProcess process) => process.Arguments.Length > 0 ? process.FullName : null;
}

/// <summary>Completes the paths of the executables that run now.</summary>
internal sealed class ExecutablePathCompleter : RunningProcessCompleter
{
    /// <inheritdoc/>
    protected override string? Text(RunningProcess process) => process.ExecutablePath;
}

/// <summary>Completes the systemd services that have processes now.</summary>
internal sealed class ServiceCompleter : RunningProcessCompleter
{
    /// <inheritdoc/>
    protected override string? Text(RunningProcess process) => process.Cgroups.Select(names => names.ServiceName).FirstOrDefault(name => name is not null);
}

/// <summary>Completes the containers that have processes now.</summary>
internal sealed class ContainerIdCompleter : RunningProcessCompleter
{
    /// <inheritdoc/>
    protected override string? Text(RunningProcess process) => process.Cgroups.Select(names => names.ContainerId).FirstOrDefault(id => id is not null);
}
