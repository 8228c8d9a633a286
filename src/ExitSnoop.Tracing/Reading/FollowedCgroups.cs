using System.Runtime.InteropServices;
using ExitSnoop.Bpf;
using ExitSnoop.Linux;

namespace ExitSnoop.Reading;

/// <summary>
/// The cgroups asked for by path. The kernel knows a cgroup by its ID; one that is removed and made again, as
/// when a service restarts, has another. This follows the paths, and keeps the kernel's map of IDs up to date.
/// </summary>
/// <remarks>
/// inotify(7) reports a directory that is created in one of those on the path (fsnotify_mkdir in
/// fs/namei.c; cgroup file systems have it as all others). If no inotify instance or no watch is
/// available (fs.inotify.max_user_instances and max_user_watches limit them), the caller has to check from time to time.
/// </remarks>
internal sealed class FollowedCgroups : IDisposable
{
    private readonly BpfMap<ulong, byte> map;
    private readonly Dictionary<string, ulong> ids;
    private readonly List<string> above = [];
    private readonly Func<int, string, uint, int> addWatch;

    /// <param name="program">The program whose map this fills.</param>
    /// <param name="paths">Folders of cgroups, or their paths in the hierarchy.</param>
    /// <param name="addWatch">In place of inotify_add_watch(2).</param>
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

    /// <summary>Polls readable when there is something to <see cref="Update"/>; negative where there is no inotify.</summary>
    internal int Fd { get; private set; }

    /// <summary>Whether <see cref="Fd"/> reports changes.</summary>
    internal bool IsNotified => Fd >= 0;

    /// <summary>Finds the cgroups that are at the paths now.</summary>
    internal void Update()
    {
        if (IsNotified)
        {
            LibC.ReadAll(Fd);
            // From the top, and before the look at the cgroups: a directory that is created after its parent is watched is reported.
            foreach (string folder in above.AsEnumerable().Reverse())
                // One that is not there now is made in one that is watched.
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
            // A cgroup that was removed had no process any more: all had passed the exit program.
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
