using ExitSnoop.Linux;

namespace ExitSnoop.Crash;

/// <summary>
/// The file of a mapped module. The owner of the file is not trusted: it must be the same file that was mapped, and
/// unless only root can write to it, the unwinder gets a sealed copy in memory, which the owner cannot change.
/// </summary>
internal sealed class ModuleFile : IDisposable
{
    /// <summary>The size in bytes of the largest file that is read.</summary>
    internal const long SizeMaximum = 1L << 30;

    /// <summary>How many bytes of a file are copied at most.</summary>
    internal const long CopyMaximum = 256L << 20;

    private const string SymbolFiles = "/usr/lib/debug/.build-id/";

    private readonly ElfHeaders headers;

    private ModuleFile(int fd, ElfHeaders headers, int symbolFd)
    {
        Fd = fd;
        this.headers = headers;
        SymbolFd = symbolFd;
    }

    /// <summary>The file or its copy, opened for reading.</summary>
    internal int Fd { get; }

    /// <summary>Its separate symbol file; -1 if there is none.</summary>
    internal int SymbolFd { get; }

    /// <summary>Its build ID in hexadecimal digits; null if it has none.</summary>
    internal string? BuildId => headers.BuildId;

    /// <summary>The difference between addresses in the process and addresses in the file; null if no segment contains the mapping.</summary>
    internal ulong? BiasOf(in CrashMapping mapping) => headers.AddressOf(mapping.Offset) is { } address ? mapping.Start - address : null;

    /// <summary>Opens the file of a mapping; null if it cannot be opened or was replaced.</summary>
    /// <param name="mapping">The mapping, with the identity of its file.</param>
    /// <param name="root">The prefix of the path: "" for this process's own mounts, <c>/proc/PID/root</c> for those of another process.</param>
    /// <param name="path">The path in the mount namespace of the crashed process.</param>
    internal static ModuleFile? TryOpen(in CrashMapping mapping, string root, string path)
    {
        int fd = RegularFile.TryOpen(root + path, out FileStatus status);
        if (fd < 0)
            return null;
        if (!mapping.IsOf(status) || TryReadProtected(ref fd, status) is not { } headers)
        {
            _ = LibC.close(fd);
            return null;
        }
        int symbolFd = -1;
        if (headers is { HasSymbolTable: false, BuildId: { Length: > 2 } id })
        {
            symbolFd = RegularFile.TryOpen($"{root}{SymbolFiles}{id[..2]}/{id[2..]}.debug", out FileStatus symbols);
            if (symbolFd >= 0 && TryReadProtected(ref symbolFd, symbols)?.BuildId != id)
            {
                _ = LibC.close(symbolFd);
                symbolFd = -1;
            }
        }
        return new ModuleFile(fd, headers, symbolFd);
    }

    public void Dispose()
    {
        _ = LibC.close(Fd);
        if (SymbolFd >= 0)
            _ = LibC.close(SymbolFd);
    }

    /// <summary>Reads the headers. If others than root can change the file, replaces the descriptor by a sealed copy of the parts that are needed.</summary>
    private static ElfHeaders? TryReadProtected(ref int fd, in FileStatus status)
    {
        if (status.Size > SizeMaximum || ElfHeaders.TryRead(fd) is not { } headers)
            return null;
        if (status.OnlyRootCanWrite)
            return headers;
        int copy = SealedCopy.TryMake(fd, status.Size, headers.UnwindingParts(fd, status.Size), CopyMaximum);
        if (copy < 0)
            return null;
        _ = LibC.close(fd);
        fd = copy;
        return ElfHeaders.TryRead(fd);
    }
}
