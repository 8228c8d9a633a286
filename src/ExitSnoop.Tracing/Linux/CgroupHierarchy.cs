using System.Globalization;

namespace ExitSnoop.Linux;

/// <summary>
/// The cgroup hierarchy whose paths name services and containers on this machine: version 2 if it has the controller
/// memory or pids, or if there is no version 1; otherwise the version 1 hierarchy of memory, pids or name=systemd.
/// </summary>
/// <remarks>A hybrid host also mounts version 2, but with hardly any controller and with all processes in its root.</remarks>
internal readonly record struct CgroupHierarchy(CgroupSource Source, uint Id, string MountPoint)
{
    private static readonly (string Option, CgroupSource Source)[] VersionOne =
        [("memory", CgroupSource.Memory), ("pids", CgroupSource.Pids), ("name=systemd", CgroupSource.Named)];

    /// <summary>Reads the mounts and cgroups of the calling process.</summary>
    internal static CgroupHierarchy Find()
    {
        string unified = "";
        List<(string MountPoint, string[] Options)> mounts = [];
        foreach (string line in File.ReadLines("/proc/self/mountinfo"))
        {
            // "36 35 0:31 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids": man 5 proc_pid_mountinfo.
            string[] fields = line.Split(' ');
            int dash = Array.IndexOf(fields, "-");
            if (dash < 0 || fields.Length < dash + 4)
                continue;
            if (fields[dash + 1] == "cgroup2" && unified.Length == 0)
                unified = fields[4];
            else if (fields[dash + 1] == "cgroup")
                mounts.Add((fields[4], fields[dash + 3].Split(',')));
        }
        if (mounts.Count == 0 || Manages(unified))
            return new CgroupHierarchy(CgroupSource.Unified, 0, unified);
        foreach ((string option, CgroupSource source) in VersionOne)
            foreach ((string mountPoint, string[] options) in mounts)
                if (options.Contains(option))
                    return new CgroupHierarchy(source, HierarchyId(option), mountPoint);
        return new CgroupHierarchy(CgroupSource.Unified, 0, unified);
    }

    /// <summary>The folder of a cgroup. The cgroup can be given by this folder or by its path in the hierarchy.</summary>
    internal string FolderOf(string path) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(
        path.StartsWith(MountPoint + "/", StringComparison.Ordinal) || path == MountPoint ? path : Path.Join(MountPoint, path)));

    /// <summary>The ID of a cgroup in the kernel (kernfs_node.id): the inode number of its folder.</summary>
    /// <exception cref="CgroupNotFoundException">There is no such cgroup in this hierarchy.</exception>
    internal ulong IdOf(string path) =>
        FolderOf(path) is var folder && Directory.Exists(folder) && FileIdentity.Inode(folder) is { } inode
            ? inode
            : throw new CgroupNotFoundException(path, MountPoint);

    private static bool Manages(string mountPoint)
    {
        string controllers = Path.Join(mountPoint, "cgroup.controllers");
        return mountPoint.Length > 0 && File.Exists(controllers)
            && File.ReadAllText(controllers).Split([' ', '\n']) is var names
            && (names.Contains("memory") || names.Contains("pids"));
    }

    private static uint HierarchyId(string option)
    {
        foreach (string line in File.ReadLines("/proc/self/cgroup"))
        {
            string[] fields = line.Split(':', 3);
            if (fields.Length == 3 && fields[1].Split(',').Contains(option))
                return uint.Parse(fields[0], CultureInfo.InvariantCulture);
        }
        return 0;
    }
}

/// <summary>enum cgroup_source: where the path of a process's cgroup is read.</summary>
internal enum CgroupSource : uint
{
    Unified = 0,
    Memory = 1,
    Pids = 2,
    Named = 3,
}

/// <summary>There is no cgroup of that name.</summary>
internal sealed class CgroupNotFoundException(string path, string mountPoint) : Exception
{
    /// <summary>The path that was given.</summary>
    internal string Path => path;

    /// <summary>Where the hierarchy is mounted.</summary>
    internal string MountPoint => mountPoint;
}
