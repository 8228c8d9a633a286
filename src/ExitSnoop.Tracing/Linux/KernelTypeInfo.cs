using System.Text;

namespace ExitSnoop.Linux;

/// <summary>The kernel's type information (BTF), which libbpf needs to adapt the programs to the kernel when it loads them.</summary>
internal static class KernelTypeInfo
{
    private const string KernelFile = "/sys/kernel/btf/vmlinux";

    /// <summary>BTF_MAGIC of include/uapi/linux/btf.h, little-endian. A vmlinux with a .BTF section begins with the magic number of ELF.</summary>
    private static ReadOnlySpan<byte> BtfMagic => [0x9f, 0xeb];

    private static ReadOnlySpan<byte> ElfMagic => "\u007fELF"u8;

    /// <summary>Whether the running kernel has type information of its own (CONFIG_DEBUG_INFO_BTF), which tp_btf needs.</summary>
    internal static bool InKernel => File.Exists(KernelFile);

    /// <summary>Whether the running kernel's own type information contains a name of a function or type.</summary>
    internal static bool Names(string name)
    {
        byte[] sought = [0, .. Encoding.ASCII.GetBytes(name), 0];
        byte[] window = new byte[64 << 10];
        using FileStream file = File.OpenRead(KernelFile);
        for (int kept = 0; ;)
        {
            int read = file.Read(window, kept, window.Length - kept);
            if (read == 0)
                return false;
            Span<byte> filled = window.AsSpan(0, kept + read);
            if (filled.IndexOf(sought) >= 0)
                return true;
            // The name may be split between two reads.
            kept = Math.Min(filled.Length, sought.Length - 1);
            filled[^kept..].CopyTo(window);
        }
    }

    /// <summary>Checks that there is type information to load a program with.</summary>
    /// <param name="path">A file with type information, or null for the kernel's own.</param>
    /// <param name="needsKernelFile">Whether the kernel's own is needed in any case, as for an iterator over tasks.</param>
    /// <exception cref="TypeInfoException">The kernel has no type information, or the file has none or cannot be read.</exception>
    internal static void Check(string? path, bool needsKernelFile = false)
    {
        if ((path is null || needsKernelFile) && !InKernel)
            throw new TypeInfoException(path is null ? TypeInfoProblem.NotInKernel : TypeInfoProblem.FileDoesNotReplaceIt, KernelFile);
        if (path is null)
            return;
        try
        {
            Span<byte> start = stackalloc byte[4];
            using FileStream file = File.OpenRead(path);
            int read = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
            if (read == start.Length && (start.StartsWith(BtfMagic) || start.StartsWith(ElfMagic)))
                return;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new TypeInfoException(TypeInfoProblem.Unreadable, path, unreadable);
        }
        throw new TypeInfoException(TypeInfoProblem.NotTypeInfo, path);
    }
}

/// <summary>What is wrong with type information.</summary>
internal enum TypeInfoProblem
{
    /// <summary>The kernel was built without it, and no file was given.</summary>
    NotInKernel,

    /// <summary>A file was given, but the kernel's own is needed.</summary>
    FileDoesNotReplaceIt,

    /// <summary>The file cannot be read.</summary>
    Unreadable,

    /// <summary>The file contains something else.</summary>
    NotTypeInfo,
}

/// <summary>There is no type information to load a program with.</summary>
internal sealed class TypeInfoException(TypeInfoProblem problem, string path, Exception? cause = null) : Exception(null, cause)
{
    internal TypeInfoProblem Problem => problem;

    /// <summary>The file that was checked.</summary>
    internal string Path => path;
}
