using System.Globalization;
using ExitSnoop.Linux;

namespace ExitSnoop.Crash;

/// <summary>Where the files of a mount namespace can be reached from here.</summary>
internal sealed class MountNamespaces
{
    private readonly ulong? own = FileIdentity.Inode("/proc/self/ns/mnt");
    private (uint Inode, string Root)? last;

    /// <summary>
    /// What paths in a mount namespace are relative to: "" for one's own, the root of a process that lives in another;
    /// null where none does or may be looked at.
    /// </summary>
    internal string? FindRoot(uint inode)
    {
        if (inode == own)
            return "";
        if (last is { } known && known.Inode == inode && FileIdentity.Inode(known.Root[..^"root".Length] + "ns/mnt") == inode)
            return known.Root;
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out _)
                || FileIdentity.Inode(folder + "/ns/mnt") != inode)
                continue;
            last = (inode, folder + "/root");
            return folder + "/root";
        }
        return null;
    }
}
