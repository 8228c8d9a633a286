using System.Runtime.InteropServices;
using ExitSnoop.Crash.Unwinding;

namespace ExitSnoop.Crash;

/// <summary>
/// A temporary folder for the files that the unwinder downloads with debuginfod, if the environment names servers but no
/// folder. If this process is root, the unwinder is nobody and cannot write to the default folder, which is in root's home.
/// </summary>
internal sealed partial class SymbolCache : IDisposable
{
    private readonly DirectoryInfo? folder;

    internal SymbolCache()
    {
        if (!DebugInfod.IsConfigured || !Environment.IsPrivilegedProcess || Environment.GetEnvironmentVariable(DebugInfod.CachePath) is { Length: > 0 })
            return;
        folder = Directory.CreateTempSubdirectory("exitsnoop-symbols-");
        _ = chown(folder.FullName, Confinement.Nobody, Confinement.Nobody);
    }

    /// <summary>The folder; null if no temporary folder is needed.</summary>
    internal string? Path => folder?.FullName;

    public void Dispose()
    {
        try
        {
            folder?.Delete(recursive: true);
        }
        catch (IOException)
        {
            // Another program may be deleting the folder, too.
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chown(string path, uint owner, uint group);
}
