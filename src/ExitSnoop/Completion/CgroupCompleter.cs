using System.Collections;
using System.Management.Automation.Language;
using System.Management.Automation;
using ExitSnoop.Linux;

namespace ExitSnoop.Commands.Completion;

/// <summary>
/// Completes cgroups one component at a time, as paths in the hierarchy ("/system.slice/cron.service") or, if the word
/// begins with the mount point, as folders ("/sys/fs/cgroup/system.slice").
/// </summary>
internal sealed class CgroupCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        CompletionWord word = new(wordToComplete);
        string mountPoint = CgroupHierarchy.Find().MountPoint;
        if (mountPoint.Length == 0)
            yield break;
        if (word.Text.Length > 1 && mountPoint.StartsWith(word.Text, StringComparison.Ordinal))
            yield return word.Offer(mountPoint + "/", mountPoint, "the directory of all cgroups");

        string start = word.Text.StartsWith(mountPoint + "/", StringComparison.Ordinal) ? mountPoint : "";
        string path = word.Text[start.Length..];
        int slash = path.LastIndexOf('/');
        string parent = slash < 0 ? "" : path[..slash];
        CompletionWord name = new(path[(slash + 1)..]);
        foreach (string child in Children(mountPoint + parent).Order(StringComparer.Ordinal))
        {
            string step = Path.GetFileName(child);
            if (!name.Fits(step) || step.Any(char.IsControl))
                continue;
            // A slash is appended if there are cgroups below it.
            yield return word.Offer($"{start}{parent}/{step}{(Children(child).Any() ? "/" : "")}", step, Describe(child));
        }
    }

    private static IEnumerable<string> Children(string folder)
    {
        try
        {
            return Directory.Exists(folder) ? Directory.EnumerateDirectories(folder) : [];
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string Describe(string folder)
    {
        int count;
        try
        {
            count = File.ReadLines(Path.Join(folder, "cgroup.procs")).Count();
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            // A threaded cgroup does not list processes, or the cgroup is gone.
            return folder;
        }
        return $"{folder}: {(count == 1 ? "1 process" : $"{count} processes")}, not counting those of its children";
    }
}
