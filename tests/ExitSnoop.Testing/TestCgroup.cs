namespace ExitSnoop.Testing;

/// <summary>
/// A cgroup of one test, in the hierarchy whose paths events carry: the unified one where it manages memory,
/// else that of memory. Removed at the end.
/// </summary>
internal sealed class TestCgroup : IDisposable
{
    private const string Root = "/sys/fs/cgroup";

    private static int count;

    private readonly bool unified;
    private readonly string? madeParent;
    private readonly bool made;

    private TestCgroup(string path)
    {
        string controllers = Path.Join(Root, "cgroup.controllers");
        unified = File.Exists(controllers) && File.ReadAllText(controllers).Split([' ', '\n']).Intersect(["memory", "pids"]).Any();
        string hierarchy = unified ? Root : Path.Join(Root, "memory");
        Need.Unless(Directory.Exists(hierarchy) ? null : "no cgroup hierarchy manages memory here");
        CgroupPath = path;
        Folder = hierarchy + path;
        madeParent = Path.GetDirectoryName(Folder) is { } above && above != hierarchy && !Directory.Exists(above) ? above : null;
        made = !Directory.Exists(Folder);
        Directory.CreateDirectory(Folder);
    }

    internal string Folder { get; }

    /// <summary>Its path in the hierarchy, as events tell it.</summary>
    internal string CgroupPath { get; }

    /// <summary>How often the OOM killer has chosen one of its processes.</summary>
    internal int OomKills => File.ReadLines(Path.Join(Folder, unified ? "memory.events" : "memory.oom_control"))
        .Select(line => line.Split(' ')).Where(fields => fields[0] == "oom_kill")
        .Select(fields => int.Parse(fields[1], CultureInfo.InvariantCulture)).Single();

    /// <summary>The arguments of sh that make it join and then execute what follows.</summary>
    internal string[] Join => ["-c", $"echo $$ >{Folder}/cgroup.procs && exec \"$0\" \"$@\""];

    /// <summary>Makes one, under a path from the hierarchy's root or a name of its own; skips the test where it cannot be.</summary>
    internal static TestCgroup Create(string? name = null)
    {
        Need.Root();
        try
        {
            return new TestCgroup("/" + (name?.TrimStart('/') ?? $"exitsnoop-test-{Environment.ProcessId}-{Interlocked.Increment(ref count)}"));
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            Need.Unless($"no cgroup can be made: {refused.Message}");
            throw;
        }
    }

    /// <summary>A program that runs in it from its first instruction.</summary>
    internal Child Start(string file, params IEnumerable<string> arguments)
    {
        Child child = Child.StartHeld(file, arguments);
        Add(child);
        child.WriteLine();
        return child;
    }

    internal Victim StartVictim(params string[] mode) => Victim.StartThrough("sh", Join, mode);

    internal void Add(Child child) =>
        File.WriteAllText(Path.Join(Folder, "cgroup.procs"), child.Id.ToString(CultureInfo.InvariantCulture));

    /// <summary>Limits the memory that all in it may use; skips the test where the hierarchy has no such limit.</summary>
    internal void LimitMemory(int mebibytes)
    {
        string file = Path.Join(Folder, unified ? "memory.max" : "memory.limit_in_bytes");
        Need.Unless(File.Exists(file) ? null : $"{Folder} has no limit of memory");
        File.WriteAllText(file, ((long)mebibytes << 20).ToString(CultureInfo.InvariantCulture));
    }

    public void Dispose()
    {
        if (!made)
            return;
        // A process that has just exited may still be in the cgroup.
        for (int attempt = 0; Directory.Exists(Folder); attempt++)
        {
            try
            {
                Directory.Delete(Folder);
            }
            catch (IOException) when (attempt < 200)
            {
                Thread.Sleep(10);
            }
        }
        if (madeParent is not null)
            Directory.Delete(madeParent);
    }
}
