namespace ExitSnoop.Tests;

/// <summary>A folder of the test's own, removed at the end.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("exitsnoop-test-");

    internal string Path => folder.FullName;

    /// <summary>Copies a file into it, folders in between made; the copy's path.</summary>
    internal string Copy(string file, string name)
    {
        string copy = System.IO.Path.Join(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(copy)!);
        File.Copy(file, copy);
        return copy;
    }

    public void Dispose() => folder.Delete(recursive: true);
}
