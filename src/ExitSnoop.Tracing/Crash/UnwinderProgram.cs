using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using ExitSnoop.Linux;

namespace ExitSnoop.Crash;

/// <summary>
/// The console program as a file that can be executed. A package from a gallery is a zip archive, whose files are unpacked
/// without the permission to execute them. Then a copy in memory is executed. This is safe, because the file in the module's
/// folder is as trusted as the assembly beside it.
/// </summary>
internal sealed partial class UnwinderProgram : IDisposable
{
    private readonly int copy;

    private UnwinderProgram(string path, int copy)
    {
        Path = path;
        this.copy = copy;
    }

    /// <summary>The path to execute. It is valid in this process and in a child that inherits its descriptors.</summary>
    internal string Path { get; }

    /// <summary>The path of the program in the module's folder; null if there is none.</summary>
    internal static string? Find()
    {
        string architecture = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "x64";
        string beside = System.IO.Path.Join(LibraryFolder, "runtimes", "linux-" + architecture, "native", "exitsnoop");
        return File.Exists(beside) ? beside : null;
    }

    /// <summary>Opens the program. Does not fail: if the file cannot be made executable, executing it fails.</summary>
    internal static UnwinderProgram Open(string path)
    {
        int copy = -1;
        int fd = RegularFile.TryOpen(path, out FileStatus status);
        if (fd >= 0)
        {
            // A copy in memory would circumvent the mount option noexec.
            if (!status.IsExecutable && !IsOnNoExecMount(fd))
                copy = SealedCopy.TryMakeExecutable(fd, status.Size);
            _ = LibC.close(fd);
        }
        return new UnwinderProgram(copy < 0 ? path : string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{copy}"), copy);
    }

    public void Dispose()
    {
        if (copy >= 0)
            _ = LibC.close(copy);
    }

    /// <summary>Whether the file is on a mount with ST_NOEXEC; see statvfs(3).</summary>
    private static unsafe bool IsOnNoExecMount(int fd)
    {
        const int flags = 9, noExec = 8;
        ulong* status = stackalloc ulong[32];
        return fstatvfs(fd, status) == 0 && (status[flags] & noExec) != 0;
    }

    [UnconditionalSuppressMessage("SingleFile", "IL3000", Justification = "A single file is the console program, which names itself.")]
    private static string? LibraryFolder => System.IO.Path.GetDirectoryName(typeof(UnwinderProgram).Assembly.Location);

    [LibraryImport("libc")]
    private static unsafe partial int fstatvfs(int fd, ulong* status);
}
