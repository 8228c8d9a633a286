using System.Globalization;
using ExitSnoop.Linux;

namespace ExitSnoop.Crash;

/// <summary>Finds the path by which this process can open files of another mount namespace.</summary>
internal sealed class MountNamespaces
{
    private readonly ulong? own = FileIdentity.Inode("/proc/self/ns/mnt");
    private (uint Inode, string Root)? last;

    /// <summary>
    /// The prefix for paths in a mount namespace: "" for the namespace of this process, otherwise <c>/proc/PID/root</c> of a
    /// process in that namespace; null if there is no such process or it may not be inspected.
    /// </summary>
    /// <param name="inode">The inode number of the mount namespace.</param>
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
