using System.Globalization;
using System.Management.Automation;
using System.Text;
using ExitSnoop.Records;

namespace ExitSnoop.Commands.Completion;

/// <summary>A running process, read from /proc.</summary>
/// <param name="Id">Its ID.</param>
/// <param name="Name">Its comm.</param>
/// <param name="UserId">Its real user ID.</param>
/// <param name="Arguments">Its command line; empty for a kernel thread.</param>
internal sealed record RunningProcess(int Id, string Name, uint UserId, string[] Arguments)
{
    /// <summary>The longest comm in bytes. A longer name is cut off.</summary>
    private const int CommMaximum = 15;

    /// <summary>The suffix that /proc appends to the path of an executable that was removed or replaced.</summary>
    private const string Deleted = " (deleted)";

    private const int CommandLineMaximum = 500;

    /// <summary>Its command line, or why it has none.</summary>
    internal string Description
    {
        get
        {
            if (Arguments.Length == 0)
                return "no command line: a kernel thread or a zombie";
            string line = ShellQuoting.Join(Arguments);
            return line.Length > CommandLineMaximum ? line[..CommandLineMaximum] + "..." : line;
        }
    }

    /// <summary>Its full name, which -Name matches.</summary>
    internal string FullName => FullNameOf(Name, Encoding.UTF8.GetByteCount(Name) < CommMaximum ? "" : ExecutablePath);

    /// <summary>The full name for a comm: if the comm may be cut off, the file name of the executable.</summary>
    internal static string FullNameOf(string name, string path) =>
        Encoding.UTF8.GetByteCount(name) >= CommMaximum && Path.GetFileName(path) is { } file && file.StartsWith(name, StringComparison.Ordinal) ? file : name;

    /// <summary>The path of its executable; empty for a kernel thread, and if it may not be read.</summary>
    internal string ExecutablePath
    {
        get
        {
            try
            {
                string path = File.ResolveLinkTarget($"/proc/{Id}/exe", returnFinalTarget: false)?.FullName ?? "";
                return path.EndsWith(Deleted, StringComparison.Ordinal) ? path[..^Deleted.Length] : path;
            }
            catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
            {
                // The process belongs to another user or has exited.
                return "";
            }
        }
    }

    /// <summary>The names in its cgroups, one for each hierarchy; empty if it has exited.</summary>
    internal IEnumerable<CgroupNames> Cgroups => CgroupNames.OfProcess(Id);

    /// <summary>A pattern that matches a text. A character that cannot be typed or must not be inserted becomes the wildcard for one character.</summary>
    internal static string Pattern(string text) =>
        string.Concat(WildcardPattern.Escape(text).Select(c =>
            char.IsControl(c) || CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.Format ? '?' : c));

    /// <summary>All visible processes in the order of their IDs, kernel threads last.</summary>
    internal static IEnumerable<RunningProcess> All() =>
        Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int id) ? Read(id) : null)
            .OfType<RunningProcess>()
            .OrderBy(process => process.Arguments.Length == 0)
            .ThenBy(process => process.Id);

    private static RunningProcess? Read(int id)
    {
        try
        {
            string arguments = ReadText($"/proc/{id}/cmdline").TrimEnd('\0');
            string name = ReadText($"/proc/{id}/comm");
            string user = File.ReadLines($"/proc/{id}/status").First(line => line.StartsWith("Uid:", StringComparison.Ordinal));
            return new RunningProcess(
                id,
                name.EndsWith('\n') ? name[..^1] : name,
                uint.Parse(user.Split('\t')[1], CultureInfo.InvariantCulture),
                arguments.Length == 0 ? [] : arguments.Split('\0'));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            // The process has exited since the folder was listed.
            return null;
        }
    }

    // Not File.ReadAllText, which can interpret the first bytes as a byte order mark.
    private static string ReadText(string path) => Encoding.UTF8.GetString(File.ReadAllBytes(path));
}
