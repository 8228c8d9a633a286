using System.Reflection;

namespace ExitSnoop.Commands.Service;

/// <summary>The systemd unit that records: that of the packages, for another program, directory or group.</summary>
/// <param name="Program">The console program.</param>
/// <param name="Directory">Where the recording is.</param>
internal sealed record RecordingUnit(string Program, string Directory)
{
    internal const string Name = "exitsnoop-recording.service";

    /// <summary>Where Enable-ProcessExitRecording installs it. One of a package, in /usr/lib/systemd/system, is hidden by it.</summary>
    internal const string File = "/etc/systemd/system/" + Name;

    /// <summary>The service's counts for Prometheus, which everyone may read. It stays when the service stops.</summary>
    internal const string RuntimeDirectory = "/run/exitsnoop";

    private const string LogDirectory = "/var/log/", Record = "--record", Start = "ExecStart=";

    /// <summary>A group that may read the recording; null for root alone.</summary>
    internal string? Group { get; init; }

    /// <summary>The options of the program behind the directory.</summary>
    internal IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>The program with all its options.</summary>
    internal IReadOnlyList<string> Command => [Program, Record, Directory, .. Group is null ? [] : (string[])["--group", Group], .. Options];

    /// <summary>Whether systemd makes the directory: it does below /var/log.</summary>
    internal bool MakesDirectory => Directory.StartsWith(LogDirectory, StringComparison.Ordinal) && Directory.Length > LogDirectory.Length;

    /// <summary>The unit's text.</summary>
    public override string ToString()
    {
        string text = Template();
        // In the packages' command, the metrics option follows the directory; every recording keeps it.
        string packaged = text.Split('\n').Single(line => line.StartsWith(Start, StringComparison.Ordinal));
        text = Replace(text, "ExecStart", $"{Start}{string.Join(' ', [.. Command.Select(Quote), .. packaged.Split(' ').Skip(3)])}");
        text = Replace(text, "LogsDirectoryMode", !MakesDirectory ? null : Group is null ? "LogsDirectoryMode=0700" : "LogsDirectoryMode=0750");
        text = Replace(text, "LogsDirectory", MakesDirectory ? $"LogsDirectory={Quote(Directory[LogDirectory.Length..])}" : $"ReadWritePaths={Quote(Directory)}");
        // To give files to a group takes no capability where it is the process's own.
        return Group is null ? text : Replace(text, "UMask", $"Group={Quote(Group)}\nUMask=0077");
    }

    /// <summary>The directory that an installed unit records into; null where there is no such unit.</summary>
    internal static string? InstalledDirectory()
    {
        if (!System.IO.File.Exists(File))
            return null;
        string? start = System.IO.File.ReadLines(File).LastOrDefault(line => line.StartsWith(Start, StringComparison.Ordinal));
        List<string> words = [.. Unquote(start ?? "")];
        int option = words.IndexOf(Record);
        return option >= 0 && option + 1 < words.Count ? words[option + 1] : null;
    }

    /// <summary>A word of a unit as systemd reads it, systemd.syntax(7) and systemd.service(5): in quotes, specifiers and variables doubled.</summary>
    internal static string Quote(string word)
    {
        string text = word.Replace("%", "%%", StringComparison.Ordinal).Replace("$", "$$", StringComparison.Ordinal);
        if (text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || "/._-=:,+@%$*?".Contains(c, StringComparison.Ordinal)))
            return text;
        return $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"";
    }

    private static IEnumerable<string> Unquote(string line)
    {
        System.Text.StringBuilder word = new();
        bool quoted = false;
        for (int i = 0; i < line.Length; i++)
        {
            char c = line[i];
            if (c == '"')
                quoted = !quoted;
            else if (c == ' ' && !quoted)
            {
                yield return word.ToString();
                word.Clear();
            }
            else
            {
                if ((c == '\\' || c is '%' or '$') && i + 1 < line.Length)
                    c = line[++i] == 'n' ? '\n' : line[i];
                word.Append(c);
            }
        }
        yield return word.ToString();
    }

    private static string Replace(string unit, string setting, string? line) =>
        string.Concat(unit.Split('\n').SelectMany(old => !old.StartsWith(setting + "=", StringComparison.Ordinal) ? [old + '\n'] : line is null ? Array.Empty<string>() : [line + '\n'])).TrimEnd('\n') + '\n';

    private static string Template()
    {
        using StreamReader reader = new(Assembly.GetExecutingAssembly().GetManifestResourceStream(Name)!);
        return reader.ReadToEnd();
    }
}
