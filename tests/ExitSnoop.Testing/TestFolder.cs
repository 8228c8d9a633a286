namespace ExitSnoop.Testing;

/// <summary>A folder for one test, that any user can read, gone with the test.</summary>
internal sealed class TestFolder : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("exitsnoop-test-");

    internal TestFolder() => Open(folder.FullName);

    internal string FullName => folder.FullName;

    internal string Path(string name) => System.IO.Path.Combine(folder.FullName, name);

    internal string Write(string name, string text)
    {
        File.WriteAllText(Path(name), text);
        return Path(name);
    }

    /// <summary>Copies a file into it, folders in between made; the copy's path.</summary>
    internal string Copy(string file, string name)
    {
        string copy = Path(name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(copy)!);
        File.Copy(file, copy);
        return copy;
    }

    /// <summary>The module, where a user without privileges can read it: home folders are closed to others.</summary>
    internal string CopyModule()
    {
        string copy = Path("ExitSnoop");
        Directory.CreateDirectory(copy);
        Open(copy);
        foreach (string file in Directory.EnumerateFiles(Paths.Module))
            File.Copy(file, System.IO.Path.Combine(copy, System.IO.Path.GetFileName(file)));
        return copy;
    }

    public void Dispose() => folder.Delete(recursive: true);

    private static void Open(string path) => File.SetUnixFileMode(
        path,
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead
            | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
}
