using System.Reflection;

namespace ExitSnoop.Commands.Service;

/// <summary>The systemd unit of the recorder: the unit of the packages, changed for another program, directory or group.</summary>
/// <param name="Program">The path of the console program.</param>
/// <param name="Directory">The directory of the recording.</param>
internal sealed record RecordingUnit(string Program, string Directory)
{
    internal const string Name = "exitsnoop-recording.service";

    /// <summary>The file that Enable-ProcessExitRecording installs. It overrides the unit of a package, which is in /usr/lib/systemd/system.</summary>
    internal const string File = "/etc/systemd/system/" + Name;

    /// <summary>The directory with the metrics for Prometheus, which every user may read. It is kept when the service stops.</summary>
    internal const string RuntimeDirectory = "/run/exitsnoop";

    private const string LogDirectory = "/var/log/", Record = "--record", Start = "ExecStart=";

    /// <summary>A group that may read the recording; null for none.</summary>
    internal string? Group { get; init; }

    /// <summary>The further options of the program.</summary>
    internal IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>The program with all its options.</summary>
    internal IReadOnlyList<string> Command => [Program, Record, Directory, .. Group is null ? [] : (string[])["--group", Group], .. Options];

    /// <summary>Whether systemd creates the directory, which it does below /var/log.</summary>
    internal bool MakesDirectory => Directory.StartsWith(LogDirectory, StringComparison.Ordinal) && Directory.Length > LogDirectory.Length;

    /// <summary>The text of the unit.</summary>
    public override string ToString()
    {
        string text = Template();
        // In the command of the packages, the option for metrics follows the directory. Every unit keeps it.
        string packaged = text.Split('\n').Single(line => line.StartsWith(Start, StringComparison.Ordinal));
        text = Replace(text, "ExecStart", $"{Start}{string.Join(' ', [.. Command.Select(Quote), .. packaged.Split(' ').Skip(3)])}");
        text = Replace(text, "LogsDirectoryMode", !MakesDirectory ? null : Group is null ? "LogsDirectoryMode=0700" : "LogsDirectoryMode=0750");
        text = Replace(text, "LogsDirectory", MakesDirectory ? $"LogsDirectory={Quote(Directory[LogDirectory.Length..])}" : $"ReadWritePaths={Quote(Directory)}");
        // Giving files to a group needs no capability if it is the group of the process.
        return Group is null ? text : Replace(text, "UMask", $"Group={Quote(Group)}\nUMask=0077");
    }

    /// <summary>The directory of the recording in the installed unit; null if no unit is installed.</summary>
    internal static string? InstalledDirectory()
    {
        if (!System.IO.File.Exists(File))
            return null;
        string? start = System.IO.File.ReadLines(File).LastOrDefault(line => line.StartsWith(Start, StringComparison.Ordinal));
        List<string> words = [.. Unquote(start ?? "")];
        int option = words.IndexOf(Record);
        return option >= 0 && option + 1 < words.Count ? words[option + 1] : null;
    }

    /// <summary>Quotes a word for a unit: systemd.syntax(7), systemd.service(5). The characters of specifiers and variables are doubled.</summary>
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
