using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using ExitSnoop.Bpf;
using ExitSnoop.Linux;

namespace ExitSnoop.Reading;

/// <summary>
/// The processes asked for by id: puts them into the kernel's set, and knows by their pidfds when they
/// are gone. A pidfd is readable once all threads are dead, hence after the process's record was sent.
/// </summary>
/// <remarks>
/// The program is attached before an id enters the set, and looked for after. The program marks in the
/// set each death that it saw, so of a process that is gone it is known whether its exit was traced.
/// </remarks>
internal sealed class WatchedProcesses : IDisposable
{
    private readonly BpfMap<uint, ulong> set;
    private readonly bool includeChildren;
    private readonly ConcurrentDictionary<int, byte> alive = new();
    private readonly ConcurrentQueue<int> missing = new();
    private readonly List<Watched> open = [];

    /// <exception cref="ExitTraceException">There are more ids than the process may have open files.</exception>
    internal WatchedProcesses(ExitProgram program, ExitTraceOptions options)
    {
        set = program.Ids;
        includeChildren = options.IncludeChildren;
        try
        {
            foreach (int id in options.Ids)
                if (alive.TryAdd(id, 0) && !Add(id, askedFor: true))
                    Forget(id);
            if (includeChildren)
                AddDescendants();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Ids asked for whose process has not exited.</summary>
    internal IReadOnlyCollection<int> Alive => [.. alive.Keys];

    /// <summary>One for each process still there, to be polled for <see cref="LibC.PollIn"/>.</summary>
    internal IEnumerable<int> PidFds => open.Select(watched => watched.PidFd);

    /// <summary>Whether all are gone. True means that all their records have been sent.</summary>
    internal bool AreGone => open.Count == 0 && (!includeChildren || set.IsEmpty);

    /// <summary>Takes the next id asked for that no process has, or had when the trace began.</summary>
    internal bool TryTakeMissing(out int id) => missing.TryDequeue(out id);

    internal bool HasMissing => !missing.IsEmpty;

    /// <summary>Strikes off those whose pidfds were readable. Their records must have been drained since.</summary>
    internal void Gone(IReadOnlyCollection<int> pidFds)
    {
        foreach (Watched watched in open.Where(watched => pidFds.Contains(watched.PidFd)).ToList())
        {
            open.Remove(watched);
            _ = LibC.close(watched.PidFd);
            bool reported = !set.TryGet((uint)watched.Id, out ulong died) || died != 0;
            if (watched.AskedFor && !reported)
                Forget(watched.Id);
            alive.TryRemove(watched.Id, out _);
            set.Remove((uint)watched.Id);
        }
    }

    public void Dispose()
    {
        foreach (Watched watched in open)
            _ = LibC.close(watched.PidFd);
        open.Clear();
    }

    private bool Add(int id, bool askedFor)
    {
        // An id out of range is no process's; 0 and -1 would mean something else to the kernel.
        if (id <= 0)
            return false;
        set.Set((uint)id, 0);
        int fd = LibC.PidfdOpen(id);
        if (fd >= 0)
        {
            open.Add(new Watched(id, fd, askedFor));
            return true;
        }
        int error = Marshal.GetLastPInvokeError();
        if (error == LibC.EMFILE)
            throw new ExitTraceException(
                ExitTraceError.InvalidOption,
                $"{alive.Count} processes are more than this process may have open files (ulimit -n). Raise the limit or ask for fewer.");
        // EINVAL: it is the id of a thread. A death in between was marked, and is no miss.
        return set.TryGet((uint)id, out ulong died) && died != 0;
    }

    private void Forget(int id)
    {
        alive.TryRemove(id, out _);
        set.Remove((uint)id);
        missing.Enqueue(id);
    }

    /// <summary>
    /// Adds what descends from the processes in the set and was there before the trace. Forks from now
    /// on are the program's to add, so the search ends when a look over all processes finds no other.
    /// </summary>
    private void AddDescendants()
    {
        HashSet<int> known = [.. alive.Keys];
        bool found;
        do
        {
            found = false;
            foreach ((int id, int parent) in Parents())
                if (known.Contains(parent) && known.Add(id))
                    found |= Add(id, askedFor: false);
        }
        while (found);
    }

    private static IEnumerable<(int Id, int Parent)> Parents()
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int id))
                continue;
            string stat;
            try
            {
                stat = File.ReadAllText(Path.Join(folder, "stat"));
            }
            catch (Exception hidden) when (hidden is IOException or UnauthorizedAccessException)
            {
                // It has exited since, or is another user's and /proc was mounted with hidepid.
                continue;
            }
            // "42 (comm) S 1 ...": comm can hold spaces and brackets, so the fields begin behind the last.
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ', 3);
            yield return (id, int.Parse(fields[1], CultureInfo.InvariantCulture));
        }
    }

    private readonly record struct Watched(int Id, int PidFd, bool AskedFor);
}
