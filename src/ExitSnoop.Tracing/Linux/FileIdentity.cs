namespace ExitSnoop.Linux;

/// <summary>Inode numbers, which .NET does not have: of cgroup folders and namespaces.</summary>
internal static class FileIdentity
{
    /// <summary>The inode number of a file, links followed; null where it cannot be read.</summary>
    internal static ulong? Inode(string path) => FileStatus.Get(path, out FileStatus status) == 0 ? status.Inode : null;
}
