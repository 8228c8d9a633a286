using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace ExitSnoop.Commands.Completion;

/// <summary>
/// Completes users: those with running processes and those in /etc/passwd; for Get-ProcessExit, the users of recorded exits.
/// Users of a directory service are offered only if they have processes, because such a service can have very many.
/// </summary>
internal sealed class UserCompleter : IArgumentCompleter
{
    private const string PasswdPath = "/etc/passwd";

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        CompletionWord word = new(wordToComplete);
        return RecordedExits.AreReadBy(commandName) ? Recorded(word, fakeBoundParameters) : Running(word);
    }

    private static IEnumerable<CompletionResult> Recorded(CompletionWord word, IDictionary bound)
    {
        foreach ((string id, ExitEvent last, int count) in RecordedExits.TextsOf(bound, exit => exit.UserId is { } user ? user.ToString(CultureInfo.InvariantCulture) : null))
        {
            string name = last.UserName ?? id;
            // The exit may be from another machine. Its user name is used only if it has the same ID on this machine.
            string value = UserNames.TryGetId(name, out uint here) && here == last.UserId ? name : id;
            if (!name.Any(char.IsControl) && (word.Fits(name) || word.Fits(id)))
                yield return word.Offer(value, name, $"user ID {id}, {RecordedExits.Describe(last, count)}");
        }
    }

    private static IEnumerable<CompletionResult> Running(CompletionWord word)
    {
        Dictionary<uint, int> processes = RunningProcess.All().GroupBy(process => process.UserId)
            .ToDictionary(user => user.Key, user => user.Count());
        SortedDictionary<string, (uint Id, string FullName)> users = new(StringComparer.Ordinal);
        foreach (uint id in processes.Keys)
            users[UserNames.GetName(id) ?? id.ToString(CultureInfo.InvariantCulture)] = (id, "");
        foreach ((string name, uint id, string fullName) in Passwd())
            users[name] = (id, fullName);

        foreach ((string name, (uint id, string fullName)) in users.OrderBy(user => !processes.ContainsKey(user.Value.Id)))
        {
            if (name.Any(char.IsControl) || !(word.Fits(name) || word.Fits(id.ToString(CultureInfo.InvariantCulture))))
                continue;
            int count = processes.GetValueOrDefault(id);
            string running = count switch { 0 => "no process", 1 => "1 process", _ => $"{count} processes" };
            yield return word.Offer(name, name, $"user ID {id}, {running}{(fullName.Length > 0 ? ": " : "")}{fullName}");
        }
    }

    private static IEnumerable<(string Name, uint Id, string FullName)> Passwd()
    {
        if (!File.Exists(PasswdPath))
            yield break;
        foreach (string line in File.ReadLines(PasswdPath))
        {
            // name:password:id:group:full name,room,...:home:shell
            string[] fields = line.Split(':');
            if (fields.Length == 7 && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out uint id))
                yield return (fields[0], id, fields[4].Split(',')[0]);
        }
    }
}
