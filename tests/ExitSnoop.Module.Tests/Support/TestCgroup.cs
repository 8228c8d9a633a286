using System.Globalization;

namespace ExitSnoop.ModuleTests.Support;

/// <summary>
/// A cgroup of one test, in the hierarchy whose paths events carry: the unified one where it manages
/// memory, else that of memory. Gone with the test.
/// </summary>
internal sealed class TestCgroup : IDisposable
{
    private const string Root = "/sys/fs/cgroup";

    private readonly bool unified;
    private readonly string? parent;
    private readonly bool ours;

    /// <param name="name">Its name; one with a slash is a path from the hierarchy's root.</param>
    /// <param name="memory">How many bytes all in it may use.</param>
    internal TestCgroup(string name, long? memory = null)
    {
        Need.Root();
        string controllers = System.IO.Path.Combine(Root, "cgroup.controllers");
        unified = File.Exists(controllers);
        string hierarchy = unified ? Root : System.IO.Path.Combine(Root, "memory");
        Need.Unless(Directory.Exists(hierarchy) ? null : "no cgroup hierarchy manages memory here");
        Path = name.Contains('/', StringComparison.Ordinal) ? name : $"/exitsnoop-test-{name}-{Environment.ProcessId}";
        Folder = hierarchy + Path;
        parent = System.IO.Path.GetDirectoryName(Folder) is var above && above != hierarchy && !Directory.Exists(above) ? above : null;
        ours = !Directory.Exists(Folder);
        Directory.CreateDirectory(Folder);
        if (memory is { } limit)
            Write(unified ? "memory.max" : "memory.limit_in_bytes", limit.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>As events tell it.</summary>
    internal string Path { get; }

    internal string Folder { get; }

    /// <summary>The arguments of sh that make it join and then execute what follows.</summary>
    internal string[] Join => ["-c", $"echo $$ >{Folder}/cgroup.procs && exec \"$0\" \"$@\""];

    internal Victim StartVictim(params string[] mode) => Victim.StartThrough("sh", Join, mode);

    public void Dispose()
    {
        if (!ours)
            return;
        // It can be removed when the last process in it has been waited for.
        for (int tries = 0; Directory.Exists(Folder) && tries < 200; tries++)
        {
            try
            {
                Directory.Delete(Folder);
            }
            catch (IOException)
            {
                Thread.Sleep(10);
            }
        }
        if (parent is not null)
            Directory.Delete(parent);
    }

    private void Write(string file, string value) => File.WriteAllText(System.IO.Path.Combine(Folder, file), value);
}
