using System.Collections.Concurrent;
using System.ComponentModel;
using System.Runtime.InteropServices;
using ExitSnoop.Bpf;
using ExitSnoop.Linux;
using ExitSnoop.Records;

namespace ExitSnoop.Reading;

/// <summary>
/// The processes that are watched by ID. Puts them into the kernel's map of watched processes, and polls their pidfds to
/// find out when they are gone. Only the BPF programs follow their descendants; see bpf/watch.h.
/// </summary>
/// <remarks>
/// The order is: attach the program, put the ID into the map, open the pidfd. The program removes each process whose exit
/// it has seen from the map. So if a process is gone, the map shows whether its exit was traced. A pidfd becomes readable
/// when all threads have exited (do_notify_pidfd() in kernel/signal.c), which is after the program has run.
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

    /// <exception cref="CannotWatchException">pidfd_open(2) failed for one of them.</exception>
    /// <exception cref="Win32Exception">The kernel refused the search for their descendants.</exception>
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
                // The map now has the start times of the processes, which distinguish them from later descendants with the same ID.
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

    /// <summary>The given IDs whose processes have not exited.</summary>
    internal IReadOnlyCollection<int> Alive => [.. alive.Keys];

    /// <summary>The pidfds of the given processes that have not exited. The reader polls them for <see cref="LibC.PollIn"/>.</summary>
    internal IEnumerable<int> PidFds => open.Select(watched => watched.PidFd);

    /// <summary>Whether all watched processes, descendants included, are gone. Then all their records have been sent.</summary>
    internal bool AreGone => open.Count == 0 && (!includeChildren || map.IsEmpty);

    /// <summary>Whether there is a missing or unseen ID to take.</summary>
    internal bool HasIdsToTake => !missing.IsEmpty || !unseen.IsEmpty;

    /// <summary>Takes the next given ID that no process had when the trace began.</summary>
    internal bool TryTakeMissing(out int id) => missing.TryDequeue(out id);

    /// <summary>Takes the next given ID whose process is gone although no program has run for its exit.</summary>
    internal bool TryTakeUnseen(out int id) => unseen.TryDequeue(out id);

    /// <summary>
    /// Notes that there is a record of an exit, so that <see cref="Gone"/> need not read the map for it. While a system call on a BPF map is
    /// preempted (bpf_disable_instrumentation()), the kernel skips kprobe programs for exits on that CPU. So the map is read only for exits
    /// without a noted record: those that a filter drops, those of processes whose threads are reported, and all exits if descendants are
    /// watched, because a descendant can have the same ID.
    /// </summary>
    internal void Note(ReadOnlySpan<byte> record)
    {
        if (!includeChildren && RecordView.TryParse(record, out RecordView view)
            && (view.Record.Flags & (RecordFlags.Exec | RecordFlags.Thread)) == 0 && alive.ContainsKey((int)view.Record.Pid))
            reported.Add((int)view.Record.Pid);
    }

    /// <summary>Removes the processes whose pidfds were readable. All records that were sent until then must have been read before.</summary>
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

    /// <summary>Whether the map must be compared with the living processes, because the kernel may skip a program.</summary>
    internal bool NeedsComparing => includeChildren && program.Hook.MaySkip;

    /// <summary>
    /// Compares the map with the living processes: removes descendants that are gone and adds children of watched
    /// processes.
    /// </summary>
    internal void Compare()
    {
        HashSet<int> askedFor = [.. open.Select(watched => watched.Id)];
        foreach (uint id in map.Keys)
            // For a process that was given by ID, its pidfd reports the exit.
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
        // No process has an ID below 1.
        if (id > 0)
        {
            map.Set((uint)id, 0);
            int fd = LibC.PidfdOpen(id);
            int error = Marshal.GetLastPInvokeError();
            if (fd >= 0 && !LibC.IsReadable(fd))
            {
                // The process may have run the exit program before its ID was in the map: the pidfd becomes readable only later in do_exit()
                // (exit_notify() in kernel/exit.c).
                open.Add(new Watched(id, fd, ProcStat.IsExiting(id)));
                return;
            }
            if (fd >= 0)
                // The process is a zombie.
                _ = LibC.close(fd);
            else if (!LibC.IsNoProcess(error))
                throw new CannotWatchException(error, alive.Count);
        }
        alive.TryRemove(id, out _);
        // If the process exited after its ID was put into the map, the program has seen the exit and removed the ID.
        if (id <= 0 || map.Remove((uint)id))
            missing.Enqueue(id);
    }

    /// <param name="Id">The given ID.</param>
    /// <param name="PidFd">Its pidfd.</param>
    /// <param name="WasExiting">Whether it was already exiting when the trace began, so that the program may not have seen the exit.</param>
    /// <param name="Start">The value in the kernel's map: its start time in nanoseconds of the boot clock; 0 if it is not known.</param>
    private readonly record struct Watched(int Id, int PidFd, bool WasExiting, ulong Start = 0);
}

/// <summary>pidfd_open(2) failed for a process that may exist.</summary>
/// <param name="error">errno.</param>
/// <param name="count">How many processes were to be watched until then.</param>
internal sealed class CannotWatchException(int error, int count) : Win32Exception(error)
{
    internal int Count => count;
}
