namespace ExitSnoop.Testing;

/// <summary>Reads /proc.</summary>
internal static class Proc
{
    /// <summary>The processes of this machine.</summary>
    internal static IEnumerable<int> All => Directory.EnumerateDirectories("/proc").Select(Path.GetFileName)
        .Where(name => char.IsAsciiDigit(name![0])).Select(name => int.Parse(name!, CultureInfo.InvariantCulture));

    /// <summary>R, S, T, Z, ... of proc(5); null for one that is gone.</summary>
    internal static char? StateOf(int id) => Stat(id)?[0][0];

    /// <summary>Waits until a process is gone or a zombie. The exit program has run for it then.</summary>
    internal static void AwaitExit(int id) => Eventually.True(() => StateOf(id) is null or 'Z', $"{id} does not exit.");

    internal static int? ParentOf(int id) => Stat(id) is { } fields ? int.Parse(fields[1], CultureInfo.InvariantCulture) : null;

    /// <summary>utime and starttime of proc(5), in hundredths of a second.</summary>
    internal static (long UserTime, ulong StartTime) TimesOf(int id)
    {
        string[] fields = Stat(id)!;
        return (long.Parse(fields[11], CultureInfo.InvariantCulture), ulong.Parse(fields[19], CultureInfo.InvariantCulture));
    }

    /// <summary>Those that its main thread has started.</summary>
    internal static int[] ChildrenOf(int id) =>
        [.. (Read(id, $"task/{id}/children") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(child => int.Parse(child, CultureInfo.InvariantCulture))];

    /// <summary>Its arguments as ps takes them, with a NUL behind each but the last.</summary>
    internal static string? CommandLineOf(int id) => Read(id, "cmdline")?.TrimEnd('\0');

    /// <summary>Its name.</summary>
    internal static string? CommOf(int id) => Read(id, "comm")?.TrimEnd('\n');

    /// <summary>The threads of this process, each with its folder and its name; without those that end meanwhile.</summary>
    internal static IEnumerable<(string Folder, string Name)> OwnThreads() =>
        from folder in Directory.EnumerateDirectories("/proc/self/task")
        let name = CommOf(int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture))
        where name is not null
        select (folder, name);

    // From the state on, because the name before it can contain any character.
    private static string[]? Stat(int id) => Read(id, "stat") is { } stat ? stat[(stat.LastIndexOf(')') + 2)..].Split(' ') : null;

    private static string? Read(int id, string file)
    {
        try
        {
            return File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/{file}"));
        }
        catch (IOException)
        {
            return null;
        }
    }
}
