using System.Collections;
using System.Globalization;
using System.Management.Automation;

namespace ExitSnoop.Commands.Completion;

/// <summary>The newest exits of the recording that a Get-ProcessExit being typed would read: as many as can be read in a moment.</summary>
internal static class RecordedExits
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(300);

    internal static bool AreReadBy(string commandName) => commandName.EndsWith("Get-ProcessExit", StringComparison.OrdinalIgnoreCase);

    /// <summary>The texts that these exits have, each with the last exit that has it and how many have; the alphabet's order.</summary>
    /// <param name="bound">The parameters that are typed already, of which -Path counts.</param>
    /// <param name="text">The text of an exit; null or empty for one that has none.</param>
    internal static IEnumerable<(string Text, ExitEvent Last, int Count)> TextsOf(IDictionary bound, Func<ExitEvent, string?> text)
    {
        Dictionary<string, (ExitEvent Last, int Count)> texts = new(StringComparer.Ordinal);
        using CancellationTokenSource time = new(Moment);
        try
        {
            foreach (ExitEvent exit in ExitRecording.Open(Paths(bound)).ReadEvents(cancellation: time.Token))
                if (text(exit) is { Length: > 0 } found)
                    texts[found] = texts.TryGetValue(found, out (ExitEvent Last, int Count) known) ? (known.Last, known.Count + 1) : (exit, 1);
        }
        catch (Exception ended) when (ended is OperationCanceledException or ExitRecordingException)
        {
            // What was found until now is offered.
        }
        return texts.OrderBy(found => found.Key, StringComparer.OrdinalIgnoreCase).Select(found => (found.Key, found.Value.Last, found.Value.Count));
    }

    /// <summary>What a menu of completions says of a text.</summary>
    internal static string Describe(ExitEvent last, int count) => string.Create(
        CultureInfo.InvariantCulture, $"{count} {(count == 1 ? "exit" : "exits")}, the last {last.ExitTime:yyyy-MM-dd HH:mm:ss}: {last.CommandLine ?? last.Name} ({last.Status})");

    private static IEnumerable<string> Paths(IDictionary bound)
    {
        if (bound["Path"] is not { } path)
            return [RecordingErrors.UsualPath];
        using PowerShell shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        shell.AddCommand(@"Microsoft.PowerShell.Management\Resolve-Path").AddParameter("Path", path).AddParameter("ErrorAction", ActionPreference.Ignore);
        return [.. shell.Invoke<PathInfo>().Select(found => found.ProviderPath)];
    }
}
