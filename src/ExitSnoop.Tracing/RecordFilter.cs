using ExitSnoop.Linux;
using ExitSnoop.Records;

namespace ExitSnoop;

/// <summary>
/// Applies to recorded exits the filters that the BPF program applies in the kernel (bpf/filter.h, bpf/report.h, bpf/watch.h). The
/// filters outside of the kernel are in <see cref="ExitFilter"/>.
/// </summary>
internal sealed class RecordFilter
{
    private readonly ExitTraceOptions options;
    private readonly ulong signals, minimumAge;
    private readonly bool oomKills;
    private readonly HashSet<uint> ids, parents, users;
    private readonly HashSet<int> exitCodes;
    private readonly byte[][]? cgroup;

    internal RecordFilter(ExitTraceOptions options)
    {
        this.options = options;
        foreach (Signal signal in ExitFilter.Signals(options) ?? [])
            signals |= 1UL << ((int)signal - 1);
        oomKills = options.Crashed || options.OomKilled;
        minimumAge = (ulong)(options.MinimumAge.Ticks * TimeSpan.NanosecondsPerTick);
        ids = [.. options.Ids.Select(id => (uint)id)];
        parents = [.. options.ParentIds.Select(id => (uint)id)];
        users = [.. options.Users];
        exitCodes = [.. options.ExitCodes];
        cgroup = options.Cgroup is { } path ? ComponentsOf(path) : null;
    }

    internal bool Wants(in RecordView exit) =>
        WantsFields(exit) && (ids.Count == 0 || IsWatched(exit)) && (cgroup is null || IsIn(exit, cgroup));

    /// <summary>The same for an event that was read from JSON, whose texts are not in the record.</summary>
    internal bool Wants(ExitEvent exit) =>
        WantsFields(exit.View)
        && (ids.Count == 0 || ids.Contains((uint)exit.Id)
            || (options.IncludeChildren && (ids.Contains((uint)exit.ParentId) || IsWatched(exit.Ancestors))))
        && (cgroup is null || (exit.CgroupPath is { } path && ComponentsOf(path) is var components && components.Length >= cgroup.Length
            && cgroup.Zip(components).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second))));

    private bool WantsFields(in RecordView exit)
    {
        ref readonly ExitRecord record = ref exit.Record;
        return WantsStatus(record.WaitStatus)
            && (!oomKills || (record.WaitStatus & 0x7f) != (uint)Signal.KILL || record.Flags.HasFlag(RecordFlags.OomKilled))
            && (minimumAge == 0 || record.ExitTime - record.StartTime >= minimumAge)
            && (parents.Count == 0 || parents.Contains(record.ParentPid))
            && (users.Count == 0 || (exit.HasDetail && users.Contains(exit.Detail.Uid)));
    }

    private bool WantsStatus(uint status)
    {
        uint signal = status & 0x7f;
        // A kernel thread that failed has a negative error number here, which is neither a signal nor an exit code.
        if ((int)status < 0 && (signals != 0 || exitCodes.Count > 0))
            return false;
        return (!options.Failed || status != 0)
            && (signals == 0 || (signal != 0 && (signals >> ((int)signal - 1) & 1) != 0))
            && (exitCodes.Count == 0 || exitCodes.Contains(signal != 0 ? ExitEvent.SignalExitCode + (int)signal : (int)(status >> 8 & 0xff)));
    }

    /// <summary>Finds descendants by their ancestors at the exit, because a record does not contain the forks that the kernel followed.</summary>
    private bool IsWatched(in RecordView exit)
    {
        if (ids.Contains(exit.Record.Pid))
            return true;
        if (!options.IncludeChildren)
            return false;
        if (ids.Contains(exit.Record.ParentPid))
            return true;
        if (exit.HasDetail)
            foreach (AncestorRecord ancestor in exit.Ancestors)
                if (ids.Contains(ancestor.Pid))
                    return true;
        return false;
    }

    private bool IsWatched(AncestorList? ancestors)
    {
        if (ancestors is not null)
            foreach (Ancestor ancestor in ancestors)
                if (ids.Contains((uint)ancestor.Id))
                    return true;
        return false;
    }

    private static bool IsIn(in RecordView exit, byte[][] components)
    {
        if (!exit.HasDetail || exit.Record.Flags.HasFlag(RecordFlags.CgroupCut))
            return false;
        // The components are stored from the last to the first, each ended by a NUL.
        ReadOnlySpan<byte> path = exit.Cgroup;
        foreach (byte[] component in components)
        {
            path = path is [.., 0] ? path[..^1] : path;
            int start = path.LastIndexOf((byte)0) + 1;
            if (!path[start..].SequenceEqual(component))
                return false;
            path = path[..start];
        }
        return true;
    }

    /// <summary>
    /// The components of a cgroup's path. The cgroup is given by its path in the hierarchy, or by its folder on this machine or below
    /// /sys/fs/cgroup.
    /// </summary>
    private static byte[][] ComponentsOf(string path)
    {
        const string usual = "/sys/fs/cgroup";
        foreach (string mountPoint in new[] { CgroupHierarchy.Find().MountPoint, usual })
            if (mountPoint.Length > 1 && (path == mountPoint || path.StartsWith(mountPoint + "/", StringComparison.Ordinal)))
            {
                path = path[mountPoint.Length..];
                break;
            }
        return [.. path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(System.Text.Encoding.UTF8.GetBytes)];
    }
}
