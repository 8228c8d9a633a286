namespace ExitSnoop.Linux;

/// <summary>Reads inode numbers of cgroup folders and namespaces, for which .NET has no function.</summary>
internal static class FileIdentity
{
    /// <summary>The inode number of a file; links are followed. Null if it cannot be read.</summary>
    internal static ulong? Inode(string path) => FileStatus.Get(path, out FileStatus status) == 0 ? status.Inode : null;
}
