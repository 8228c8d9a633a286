using System.Text;

namespace ExitSnoop.Linux;

/// <summary>The kernel's type information (BTF), by which the program is fitted to the kernel at load.</summary>
internal static class KernelTypeInfo
{
    private const string KernelFile = "/sys/kernel/btf/vmlinux";

    /// <summary>BTF_MAGIC of include/uapi/linux/btf.h, little-endian; a vmlinux with a .BTF section begins with ELF's.</summary>
    private static ReadOnlySpan<byte> BtfMagic => [0x9f, 0xeb];

    private static ReadOnlySpan<byte> ElfMagic => "\u007fELF"u8;

    /// <summary>Whether the running kernel has it built in (CONFIG_DEBUG_INFO_BTF), as tp_btf needs.</summary>
    internal static bool InKernel => File.Exists(KernelFile);

    /// <summary>Whether the running kernel's own type information has a function or type of this name.</summary>
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
            // A name may lie across the windows' edge.
            kept = Math.Min(filled.Length, sought.Length - 1);
            filled[^kept..].CopyTo(window);
        }
    }

    /// <exception cref="ExitTraceException">The kernel has none and no file was given, or the file is no BTF.</exception>
    /// <param name="path">A file with the type information, or null for the kernel's own.</param>
    /// <param name="needsKernelFile">Whether only the kernel's own will do, as for an iterator over its tasks.</param>
    internal static void Check(string? path, bool needsKernelFile = false)
    {
        if (path is not null && needsKernelFile && !InKernel)
            throw new ExitTraceException(
                ExitTraceError.NoKernelTypeInfo,
                $"To include children, the kernel must have its own type information ({KernelFile}: CONFIG_DEBUG_INFO_BTF); a file does not replace it.");
        if (path is null)
        {
            if (!InKernel)
                throw new ExitTraceException(
                    ExitTraceError.NoKernelTypeInfo,
                    $"This kernel ({Environment.OSVersion.Version}) has no type information of its own ({KernelFile}: CONFIG_DEBUG_INFO_BTF). "
                    + "Use a distribution kernel of 5.10 or later, or name a BTF file made for this kernel (BtfPath; the BTFHub archive has many).");
            return;
        }
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
            throw new ExitTraceException(
                ExitTraceError.InvalidTypeInfo, $"The BTF file '{path}' cannot be read: {unreadable.Message}", unreadable);
        }
        throw new ExitTraceException(
            ExitTraceError.InvalidTypeInfo,
            $"'{path}' is no BTF file. Give the raw type information of this kernel (as in a BTFHub archive, unpacked) or a vmlinux that has it.");
    }
}
