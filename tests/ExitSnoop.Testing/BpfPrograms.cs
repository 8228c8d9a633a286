using System.Globalization;
using System.Runtime.InteropServices;

namespace ExitSnoop.Testing;

/// <summary>
/// The BPF programs that are loaded, asked of the kernel as bpftool does, but without the time that its
/// start takes.
/// </summary>
internal static partial class BpfPrograms
{
    // include/uapi/linux/bpf.h; the number of bpf(2) on x86-64 and arm64.
    private const int GetNextProgramId = 11, EPerm = 1;

    private static readonly int SystemCall = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 280 : 321;

    /// <summary>Why programs cannot be looked at (and so not be loaded) here; null where they can.</summary>
    internal static string? WhyNot()
    {
        Next(0, out int error);
        return error is 0 or 2 ? null
            : error == EPerm ? "to load BPF programs takes root"
            : $"bpf(2) fails here with errno {error}";
    }

    internal static bool Exists(int id) => Next(id - 1, out _) == id;

    /// <summary>The programs that a process holds by its file descriptors.</summary>
    internal static HashSet<int> Of(int process)
    {
        const string field = "prog_id:";
        HashSet<int> ids = [];
        foreach (string file in Directory.EnumerateFiles($"/proc/{process}/fdinfo"))
        {
            try
            {
                foreach (string line in File.ReadLines(file))
                    if (line.StartsWith(field, StringComparison.Ordinal))
                        ids.Add(int.Parse(line.AsSpan(field.Length), CultureInfo.InvariantCulture));
            }
            catch (IOException)
            {
                // Closed meanwhile.
            }
        }
        return ids;
    }

    /// <summary>Those of this process, in which shells are hosted.</summary>
    internal static HashSet<int> Ours => Of(Environment.ProcessId);

    /// <summary>Those of this process that were not among these: what a test has loaded.</summary>
    internal static HashSet<int> OursBut(HashSet<int> before) => [.. Ours.Except(before)];

    /// <summary>Waits until none of them is loaded any more. The time of day at which that was seen, or null.</summary>
    internal static TimeSpan? WaitUntilGone(IEnumerable<int> ids, TimeSpan limit)
    {
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        List<int> left = [.. ids];
        Assert.NotEmpty(left);
        while (true)
        {
            left.RemoveAll(id => !Exists(id));
            TimeSpan elapsed = System.Diagnostics.Stopwatch.GetElapsedTime(start);
            if (left.Count == 0)
                return elapsed;
            if (elapsed > limit)
                return null;
            Thread.Sleep(1);
        }
    }

    internal static void AssertGone(IEnumerable<int> ids)
    {
        List<int> all = [.. ids];
        Assert.True(WaitUntilGone(all, TimeSpan.FromSeconds(2)) is not null, "BPF programs are left behind");
        // The same, as a user would look.
        string bpftool = Need.Program("bpftool");
        foreach (int id in all)
            Assert.NotEqual(0, Command.Run(bpftool, ["prog", "show", "id", id.ToString(CultureInfo.InvariantCulture)]).ExitCode);
    }

    private static unsafe int Next(int id, out int error)
    {
        NextId attribute = new() { Start = (uint)id };
        long result = syscall(SystemCall, GetNextProgramId, &attribute, (uint)sizeof(NextId));
        error = result < 0 ? Marshal.GetLastPInvokeError() : 0;
        return result < 0 ? -1 : (int)attribute.Next;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial long syscall(long number, int command, NextId* attribute, uint size);

    [StructLayout(LayoutKind.Sequential)]
    private struct NextId
    {
        public uint Start, Next, Flags;
    }
}
