using System.Runtime.InteropServices;
using ExitSnoop.Crash.Unwinding;

namespace ExitSnoop.Crash;

/// <summary>
/// Where the unwinder keeps what it downloads by debuginfod, if the environment names servers and no folder. It is nobody
/// where this process is root, and cannot write to the folder of that user, which is the default.
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

    /// <summary>Null where the unwinder is to decide.</summary>
    internal string? Path => folder?.FullName;

    public void Dispose()
    {
        try
        {
            folder?.Delete(recursive: true);
        }
        catch (IOException)
        {
            // Somebody else has begun to clean up.
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chown(string path, uint owner, uint group);
}
