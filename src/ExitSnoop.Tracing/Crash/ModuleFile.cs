using ExitSnoop.Linux;

namespace ExitSnoop.Crash;

/// <summary>
/// The file of a mapped module, opened so that its owner can do no harm: it must be the very file that was
/// mapped, and unless root alone can write it, what is handed on is a sealed copy in memory.
/// </summary>
internal sealed class ModuleFile : IDisposable
{
    /// <summary>The largest file that is looked at.</summary>
    internal const long SizeMaximum = 1L << 30;

    /// <summary>The most bytes that are copied of a file.</summary>
    internal const long CopyMaximum = 256L << 20;

    private const string SymbolFiles = "/usr/lib/debug/.build-id/";

    private readonly ElfHeaders headers;

    private ModuleFile(int fd, ElfHeaders headers, int symbolFd)
    {
        Fd = fd;
        this.headers = headers;
        SymbolFd = symbolFd;
    }

    /// <summary>The file, to be read.</summary>
    internal int Fd { get; }

    /// <summary>Its separate file of symbols; -1 where there is none.</summary>
    internal int SymbolFd { get; }

    /// <summary>Its build ID in hexadecimal digits; null where it has none.</summary>
    internal string? BuildId => headers.BuildId;

    /// <summary>What the kernel added to the addresses in the file when it mapped an offset of it at an address.</summary>
    internal ulong? BiasOf(in CrashMapping mapping) => headers.AddressOf(mapping.Offset) is { } address ? mapping.Start - address : null;

    /// <summary>Opens the file of a mapping; null where it cannot be opened or was replaced.</summary>
    /// <param name="mapping">The mapping, with the identity of its file.</param>
    /// <param name="root">What the path is relative to: "" for one's own mounts, <c>/proc/PID/root</c> for those of a process.</param>
    /// <param name="path">The path in the process's mounts.</param>
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

    /// <summary>Reads the headers. A file that somebody other than root can change is replaced by a sealed copy of the parts that are needed.</summary>
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
