using System.Collections;
using System.Globalization;
using System.Management.Automation;

namespace ExitSnoop.Commands.Completion;

/// <summary>The newest exits of the recording that the typed Get-ProcessExit would read: as many as can be read in a short time.</summary>
internal static class RecordedExits
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(300);

    internal static bool AreReadBy(string commandName) => commandName.EndsWith("Get-ProcessExit", StringComparison.OrdinalIgnoreCase);

    /// <summary>The texts of these exits in alphabetical order, each with the last exit that has it and the number of such exits.</summary>
    /// <param name="bound">The parameters that are already typed. Only -Path is used.</param>
    /// <param name="text">Returns the text of an exit; null or empty if it has none.</param>
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
            // The time is up. The texts that were found until now are offered.
        }
        return texts.OrderBy(found => found.Key, StringComparer.OrdinalIgnoreCase).Select(found => (found.Key, found.Value.Last, found.Value.Count));
    }

    /// <summary>The description of a text in a menu of completions.</summary>
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
