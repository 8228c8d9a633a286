using System.Collections.Concurrent;
using System.ComponentModel;
using System.Runtime.InteropServices;
using ExitSnoop.Bpf;
using ExitSnoop.Linux;
using ExitSnoop.Records;

namespace ExitSnoop.Reading;

/// <summary>
/// The processes asked for by ID: puts them into the kernel's map of watched processes, and learns by their
/// pidfds when they are gone. Their descendants are followed in the kernel alone; see bpf/watch.h.
/// </summary>
/// <remarks>
/// The program is attached before an ID enters the map, and the process is looked for after. The program
/// takes out of the map each process whose exit it has seen, so of a process that is gone it is known
/// whether its exit was traced. A pidfd is readable once all threads are dead (do_notify_pidfd in
/// kernel/exit.c), so after the program has run.
/// </remarks>
internal sealed class WatchedProcesses : IDisposable
{
    private readonly ExitProgram program;
    private readonly BpfMap<uint, ulong> map;
    private readonly bool includeChildren;
    private readonly ConcurrentDictionary<int, byte> alive = new();
    private readonly ConcurrentQueue<int> missing = new();
    private readonly ConcurrentQueue<int> unseen = new();
    private readonly List<Watched> open = [];
    private readonly HashSet<int> reported = [];

    /// <exception cref="CannotWatchException">The kernel does not let all of them be watched.</exception>
    /// <exception cref="Win32Exception">It refused the search for their descendants.</exception>
    internal WatchedProcesses(ExitProgram program, ExitProgramOptions options)
    {
        this.program = program;
        map = program.Ids;
        includeChildren = options.IncludeChildren;
        try
        {
            foreach (int id in options.Ids)
                if (alive.TryAdd(id, 0))
                    Add(id);
            if (includeChildren)
            {
                program.FindDescendants();
                // From now on the map distinguishes a process from a later descendant with its ID.
                for (int i = 0; i < open.Count; i++)
                    if (map.TryGet((uint)open[i].Id, out ulong start))
                        open[i] = open[i] with { Start = start };
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Ids asked for whose process has not exited.</summary>
    internal IReadOnlyCollection<int> Alive => [.. alive.Keys];

    /// <summary>One for each process asked for that is still there, to be polled for <see cref="LibC.PollIn"/>.</summary>
    internal IEnumerable<int> PidFds => open.Select(watched => watched.PidFd);

    /// <summary>Whether all are gone. True means that all their records have been sent.</summary>
    internal bool AreGone => open.Count == 0 && (!includeChildren || map.IsEmpty);

    /// <summary>Whether there is an ID to take, missing or unseen.</summary>
    internal bool HasIdsToTake => !missing.IsEmpty || !unseen.IsEmpty;

    /// <summary>Takes the next ID asked for that no process had when the trace began.</summary>
    internal bool TryTakeMissing(out int id) => missing.TryDequeue(out id);

    /// <summary>Takes the next ID asked for whose process is gone though the program did not run for its exit.</summary>
    internal bool TryTakeUnseen(out int id) => unseen.TryDequeue(out id);

    /// <summary>
    /// Notes that there is a record of an exit. While a system call on a BPF map is preempted (bpf_disable_instrumentation), the kernel
    /// skips kprobe programs for exits on that CPU. So the map is read only for exits without a record: those that a filter drops, those of
    /// processes whose threads are reported, and all if descendants are watched, as one of them can have the ID.
    /// </summary>
    internal void Note(ReadOnlySpan<byte> record)
    {
        if (!includeChildren && RecordView.TryParse(record, out RecordView view)
            && (view.Record.Flags & (RecordFlags.Exec | RecordFlags.Thread)) == 0 && alive.ContainsKey((int)view.Record.Pid))
            reported.Add((int)view.Record.Pid);
    }

    /// <summary>Strikes off those whose pidfds were readable. Their records must have been drained since.</summary>
    internal void Gone(IReadOnlyCollection<int> pidFds)
    {
        foreach (Watched watched in open.Where(watched => pidFds.Contains(watched.PidFd)).ToList())
        {
            open.Remove(watched);
            _ = LibC.close(watched.PidFd);
            alive.TryRemove(watched.Id, out _);
            if (!reported.Remove(watched.Id) && map.TryGet((uint)watched.Id, out ulong start) && start == watched.Start)
            {
                map.Remove((uint)watched.Id);
                (watched.WasExiting ? missing : unseen).Enqueue(watched.Id);
            }
        }
    }

    /// <summary>Whether the map can come to differ from what lives, as the kernel may skip a program.</summary>
    internal bool NeedsComparing => includeChildren && program.Hook.MaySkip;

    /// <summary>
    /// Compares the map with the processes that there are: takes out descendants that are gone, and adds children of
    /// those that live.
    /// </summary>
    internal void Compare()
    {
        HashSet<int> askedFor = [.. open.Select(watched => watched.Id)];
        foreach (uint id in map.Keys)
            // For a process of the filter, the pidfd reports that.
            if (!askedFor.Contains((int)id) && LibC.IsGone((int)id) && map.TryGet(id, out ulong start) && LibC.IsGone((int)id)
                && map.TryGet(id, out ulong now) && now == start)
                map.Remove(id);
        program.FindDescendants();
    }

    public void Dispose()
    {
        foreach (Watched watched in open)
            _ = LibC.close(watched.PidFd);
        open.Clear();
    }

    private void Add(int id)
    {
        // No process has an ID out of range; 0 and -1 would mean something else to the kernel.
        if (id > 0)
        {
            map.Set((uint)id, 0);
            int fd = LibC.PidfdOpen(id);
            int error = Marshal.GetLastPInvokeError();
            if (fd >= 0 && !LibC.IsReadable(fd))
            {
                // It may have passed the program before its ID was in the map; its pidfd becomes readable only later (exit_notify in kernel/exit.c).
                open.Add(new Watched(id, fd, ProcStat.IsExiting(id)));
                return;
            }
            if (fd >= 0)
                // A zombie.
                _ = LibC.close(fd);
            else if (!LibC.IsNoProcess(error))
                throw new CannotWatchException(error, alive.Count);
        }
        alive.TryRemove(id, out _);
        // One that exited since it is in the map was seen, and the program took it out again.
        if (id <= 0 || map.Remove((uint)id))
            missing.Enqueue(id);
    }

    /// <param name="Id">As it was asked for.</param>
    /// <param name="PidFd">Its pidfd.</param>
    /// <param name="WasExiting">Whether it was exiting when the trace began, so that the program need not have seen it.</param>
    /// <param name="Start">What the kernel's map has of it: its start time, 0 where that is not known.</param>
    private readonly record struct Watched(int Id, int PidFd, bool WasExiting, ulong Start = 0);
}

/// <summary>pidfd_open(2) failed for a process that may be there.</summary>
/// <param name="error">errno.</param>
/// <param name="count">How many processes were asked for until then.</param>
internal sealed class CannotWatchException(int error, int count) : Win32Exception(error)
{
    internal int Count => count;
}
