using System.Globalization;
using ExitSnoop.Bpf;
using ExitSnoop.Linux;

namespace ExitSnoop.Tests;

/// <summary>A cgroup of the test's own, in the hierarchy where the library looks; removed at the end.</summary>
internal sealed class HandMadeCgroup : IDisposable
{
    private static int count;

    private HandMadeCgroup(string folder, string path, bool versionTwo)
    {
        Folder = folder;
        CgroupPath = path;
        VersionTwo = versionTwo;
        Directory.CreateDirectory(folder);
    }

    internal string Folder { get; }

    /// <summary>Its path in the hierarchy.</summary>
    internal string CgroupPath { get; }

    private bool VersionTwo { get; }

    /// <summary>Makes one; skips the test where it cannot be.</summary>
    internal static HandMadeCgroup Create(string? name = null)
    {
        CgroupHierarchy hierarchy = CgroupHierarchy.Find();
        string path = "/" + (name ?? string.Create(
            CultureInfo.InvariantCulture, $"exitsnoop-test-{Environment.ProcessId}-{Interlocked.Increment(ref count)}"));
        try
        {
            return new HandMadeCgroup(hierarchy.MountPoint + path, path, hierarchy.Source == CgroupSource.Unified);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            Assert.Skip($"No cgroup can be made under '{hierarchy.MountPoint}': {refused.Message}");
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

    internal void Add(Child child) =>
        File.WriteAllText(Path.Join(Folder, "cgroup.procs"), child.Id.ToString(CultureInfo.InvariantCulture));

    /// <summary>Limits its memory; skips the test where the hierarchy has no such limit.</summary>
    internal void LimitMemory(int mebibytes)
    {
        string file = Path.Join(Folder, VersionTwo ? "memory.max" : "memory.limit_in_bytes");
        if (!File.Exists(file))
            Assert.Skip($"{Folder} has no limit of memory.");
        File.WriteAllText(file, ((long)mebibytes << 20).ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>How often the OOM killer has chosen one of its processes.</summary>
    internal int OomKills => File.ReadLines(Path.Join(Folder, VersionTwo ? "memory.events" : "memory.oom_control"))
        .Select(line => line.Split(' ')).Where(fields => fields[0] == "oom_kill")
        .Select(fields => int.Parse(fields[1], CultureInfo.InvariantCulture)).Single();

    public void Dispose()
    {
        // A process that has just died may still be counted.
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                Directory.Delete(Folder);
                return;
            }
            catch (IOException) when (attempt < 50)
            {
                Thread.Sleep(40);
            }
        }
    }
}
