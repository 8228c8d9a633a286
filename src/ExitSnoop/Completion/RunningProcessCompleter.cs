using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace ExitSnoop.Commands.Completion;

/// <summary>
/// Completes a text of running processes or, for Get-ProcessExit, of recorded exits. A completion is a pattern that matches only this
/// text.
/// </summary>
internal abstract class RunningProcessCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        CompletionWord word = new(wordToComplete);
        return RecordedExits.AreReadBy(commandName)
            ? RecordedExits.TextsOf(fakeBoundParameters, Text).Where(exits => word.Fits(exits.Text))
                .Select(exits => word.Offer(RunningProcess.Pattern(exits.Text), exits.Text, RecordedExits.Describe(exits.Last, exits.Count)))
            : RunningProcess.All()
                .GroupBy(process => Text(process) ?? "")
                .Where(processes => processes.Key.Length > 0 && word.Fits(processes.Key))
                .OrderBy(processes => processes.Key, StringComparer.OrdinalIgnoreCase)
                .Select(processes => word.Offer(RunningProcess.Pattern(processes.Key), processes.Key, Describe(processes.First(), processes.Count())));
    }

    /// <summary>The text of a process; null or empty if it has none.</summary>
    protected abstract string? Text(RunningProcess process);

    /// <summary>The same text of an exit.</summary>
    protected abstract string? Text(ExitEvent exit);

    private static string Describe(RunningProcess first, int count) =>
        count == 1 ? $"{first.Id}: {first.Description}" : $"{count} processes, {first.Id} the first: {first.Description}";
}

/// <summary>Completes the names of running processes.</summary>
internal sealed class ProcessNameCompleter : RunningProcessCompleter
{
    /// <inheritdoc/>
    /// <remarks>Kernel threads are left out: /proc shows longer names than their comm at the exit (wq_worker_comm() in kernel/workqueue.c).</remarks>
    protected override string? Text(RunningProcess process) => process.Arguments.Length > 0 ? process.FullName : null;

    /// <inheritdoc/>
    protected override string? Text(ExitEvent exit) => RunningProcess.FullNameOf(exit.Name, exit.Path ?? "");
}

/// <summary>Completes the paths of running executables.</summary>
internal sealed class ExecutablePathCompleter : RunningProcessCompleter
{
    /// <inheritdoc/>
    protected override string? Text(RunningProcess process) => process.ExecutablePath;

    /// <inheritdoc/>
    protected override string? Text(ExitEvent exit) => exit.Path;
}

/// <summary>Completes systemd services with running processes.</summary>
internal sealed class ServiceCompleter : RunningProcessCompleter
{
    /// <inheritdoc/>
    protected override string? Text(RunningProcess process) => process.Cgroups.Select(names => names.ServiceName).FirstOrDefault(name => name is not null);

    /// <inheritdoc/>
    protected override string? Text(ExitEvent exit) => exit.ServiceName;
}

/// <summary>Completes containers with running processes.</summary>
internal sealed class ContainerIdCompleter : RunningProcessCompleter
{
    /// <inheritdoc/>
    protected override string? Text(RunningProcess process) => process.Cgroups.Select(names => names.ContainerId).FirstOrDefault(id => id is not null);

    /// <inheritdoc/>
    protected override string? Text(ExitEvent exit) => exit.ContainerId;
}
