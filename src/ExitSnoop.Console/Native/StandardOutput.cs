using System.Runtime.InteropServices;

namespace ExitSnoop.Cli.Native;

/// <summary>Properties of standard output.</summary>
internal static partial class StandardOutput
{
    internal const int Fd = 1;

    private const int F_GETFD = 1;

    internal static bool IsOpen => fcntl(Fd, F_GETFD) >= 0;

    internal static bool IsTerminal => isatty(Fd) == 1;

    [LibraryImport("libc")]
    private static partial int fcntl(int fd, int command);

    [LibraryImport("libc")]
    private static partial int isatty(int fd);
}
