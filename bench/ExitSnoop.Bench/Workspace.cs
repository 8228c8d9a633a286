
namespace ExitSnoop.Bench;

/// <summary>The paths that the benchmark uses, and a temporary folder, which is deleted at the end.</summary>
internal sealed class Workspace : IDisposable
{
    private readonly string temporary = Directory.CreateTempSubdirectory("exitsnoop-bench-").FullName;
    private int files;

    internal Workspace(string root) => Root = root;

    /// <summary>The root folder of the repository.</summary>
    internal string Root { get; }

    internal string Console => Path.Join(Root, "out", "exitsnoop");

    /// <summary>One of the programs of bench/Makefile.</summary>
    internal string Tool(string name) => Path.Join(Root, "out", "bench", name);

    /// <summary>One of the scripts beside this project.</summary>
    internal string Script(string name) => Path.Join(Root, "bench", name);

    /// <summary>The path for a new temporary file.</summary>
    internal string NewFile() => Path.Join(temporary, Interlocked.Increment(ref files).ToString(System.Globalization.CultureInfo.InvariantCulture));

    internal string NewFifo()
    {
        string path = NewFile();
        LibC.MakeFifo(path);
        return path;
    }

    /// <summary>Deletes files that are no longer needed: a million events take almost a gigabyte.</summary>
    internal static void Discard(params IEnumerable<string> files)
    {
        foreach (string file in files)
            File.Delete(file);
    }

    public void Dispose()
    {
        if (Directory.Exists(temporary))
            Directory.Delete(temporary, recursive: true);
    }
}
