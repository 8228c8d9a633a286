using System.Diagnostics;

namespace ExitSnoop.Testing;

/// <summary>The BPF programs of a process, and whether they are gone from the kernel.</summary>
internal static class BpfPrograms
{
    /// <summary>The programs that a process holds by its file descriptors.</summary>
    internal static HashSet<int> Of(int process) => BpfObjects.HeldBy(process, "prog_id");

    /// <summary>Those of this process, in which shells are hosted.</summary>
    internal static HashSet<int> Ours => Of(Environment.ProcessId);

    /// <summary>Those of this process that were not among these: what a test has loaded.</summary>
    internal static HashSet<int> OursBut(HashSet<int> before) => [.. Ours.Except(before)];

    /// <summary>Waits until none of them is loaded any more. How long that took, or null.</summary>
    internal static TimeSpan? WaitUntilGone(IEnumerable<int> ids, TimeSpan limit)
    {
        long start = Stopwatch.GetTimestamp();
        List<int> left = [.. ids];
        Assert.NotEmpty(left);
        while (true)
        {
            left.RemoveAll(id => !BpfObjects.HasProgram(id));
            TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
            if (left.Count == 0)
                return elapsed;
            if (elapsed > limit)
                return null;
            Thread.Sleep(1);
        }
    }

    internal static void AssertGone(IEnumerable<int> ids) =>
        Assert.True(WaitUntilGone(ids, TimeSpan.FromSeconds(2)) is not null, "BPF programs are left behind");
}
