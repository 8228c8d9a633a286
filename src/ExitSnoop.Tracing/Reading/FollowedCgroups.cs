using System.Runtime.InteropServices;
using ExitSnoop.Bpf;
using ExitSnoop.Linux;

namespace ExitSnoop.Reading;

/// <summary>
/// The cgroups that were selected by path. The kernel identifies a cgroup by an ID, and a cgroup that is removed and
/// created again, as when a service restarts, gets a new one. This class follows the paths and updates the kernel's map
/// of IDs.
/// </summary>
/// <remarks>
/// inotify(7) reports a directory that is created in one of the parent directories (fsnotify_mkdir() in fs/namei.c, which
/// also serves cgroup file systems). If no inotify instance or watch is available (fs.inotify.max_user_instances and
/// max_user_watches limit them), the caller must call <see cref="Update"/> periodically.
/// </remarks>
internal sealed class FollowedCgroups : IDisposable
{
    private readonly BpfMap<ulong, byte> map;
    private readonly Dictionary<string, ulong> ids;
    private readonly List<string> above = [];
    private readonly Func<int, string, uint, int> addWatch;

    /// <param name="program">The program whose map this fills.</param>
    /// <param name="paths">Folders of cgroups, or their paths in the hierarchy.</param>
    /// <param name="addWatch">Replaces inotify_add_watch(2) in tests.</param>
    internal FollowedCgroups(ExitProgram program, IReadOnlyCollection<string> paths, Func<int, string, uint, int>? addWatch = null)
    {
        this.addWatch = addWatch ?? LibC.inotify_add_watch;
        map = program.Cgroups;
        ids = paths.Select(program.Hierarchy.FolderOf).Distinct().ToDictionary(folder => folder, _ => 0UL);
        foreach (string folder in ids.Keys)
            for (string parent = folder; parent.Length > program.Hierarchy.MountPoint.Length;)
                above.Add(parent = Path.GetDirectoryName(parent)!);
        Fd = LibC.inotify_init1(LibC.NonBlocking | LibC.CloseOnExec);
        Update();
    }

    /// <summary>The inotify instance. When it is readable, call <see cref="Update"/>. Negative if there is none.</summary>
    internal int Fd { get; private set; }

    /// <summary>Whether <see cref="Fd"/> reports changes.</summary>
    internal bool IsNotified => Fd >= 0;

    /// <summary>Finds the cgroups that are at the paths now and updates the kernel's map.</summary>
    internal void Update()
    {
        if (IsNotified)
        {
            LibC.ReadAll(Fd);
            // From the top down, and before the cgroups are checked: then a directory that is created meanwhile is either found or reported.
            foreach (string folder in above.AsEnumerable().Reverse())
                // A directory that does not exist yet will be reported by its parent.
                if (addWatch(Fd, folder, LibC.InCreate | LibC.InMovedTo) < 0 && Marshal.GetLastPInvokeError() is not (LibC.ENOENT or LibC.ENOTDIR))
                {
                    Dispose();
                    break;
                }
        }
        foreach ((string folder, ulong known) in ids.ToList())
        {
            if (FileIdentity.Inode(folder) is not { } id || id == known)
                continue;
            // A cgroup is removed only when it has no processes, so the exit program has already run for all of them.
            if (known != 0)
                map.Remove(known);
            map.Set(id, 1);
            ids[folder] = id;
        }
    }

    public void Dispose()
    {
        if (IsNotified)
            _ = LibC.close(Fd);
        Fd = -1;
    }
}
