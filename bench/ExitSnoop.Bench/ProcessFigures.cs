using System.Globalization;

namespace ExitSnoop.Bench;

/// <summary>The CPU time that a process has used.</summary>
internal readonly record struct CpuTime(double User, double System)
{
    internal double Total => User + System;

    public static CpuTime operator -(CpuTime a, CpuTime b) => new(a.User - b.User, a.System - b.System);
}

/// <summary>How often the BPF programs of a process ran, and how many nanoseconds they took.</summary>
internal readonly record struct ProgramRuns(long Runs, long Nanoseconds)
{
    public static ProgramRuns operator -(ProgramRuns a, ProgramRuns b) => new(a.Runs - b.Runs, a.Nanoseconds - b.Nanoseconds);
}

/// <summary>Reads figures of a process from /proc.</summary>
internal static class ProcessFigures
{
    /// <summary>USER_HZ, the unit of times in /proc on every architecture.</summary>
    private const double TicksPerSecond = 100;

    /// <summary>The names of descriptors of attached BPF programs: links, and what older libraries use instead.</summary>
    private static readonly string[] Attachments = ["bpf_link", "bpf-link", "bpf-raw-tracepoint", "[perf_event]"];

    /// <summary>The kernel's exact total, divided in the ratio of the ticks in user mode and in the kernel.</summary>
    internal static CpuTime Cpu(int pid)
    {
        string stat = File.ReadAllText($"/proc/{pid}/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        double user = Number(fields[11]) / TicksPerSecond, system = Number(fields[12]) / TicksPerSecond;
        double total = LibC.CpuTime(pid).TotalSeconds;
        double share = user + system > 0 ? user / (user + system) : 0;
        return new CpuTime(total * share, total * (1 - share));
    }

    /// <summary>VmHWM: the peak of its resident memory in bytes.</summary>
    internal static long PeakMemory(int pid) => Status(pid, "VmHWM");

    /// <summary>VmRSS: its resident memory in bytes.</summary>
    internal static long ResidentMemory(int pid) => Status(pid, "VmRSS");

    /// <summary>RssAnon: its memory without mapped files, in bytes.</summary>
    internal static long OwnMemory(int pid) => Status(pid, "RssAnon");

    /// <summary>How many descriptors of attached programs it has open.</summary>
    internal static int AttachedPrograms(int pid) =>
        Descriptors(pid).Count(fd => Attachments.Any(name => Link(pid, fd).Contains(name, StringComparison.Ordinal)));

    /// <summary>The sum over all its BPF programs; see <see cref="LibC.CountProgramRuns"/>.</summary>
    internal static ProgramRuns Programs(int pid)
    {
        long runs = 0, nanoseconds = 0;
        HashSet<string> seen = [];
        foreach (string fd in Descriptors(pid).Where(fd => Link(pid, fd).EndsWith("bpf-prog", StringComparison.Ordinal)))
        {
            Dictionary<string, string> info = File.ReadLines($"/proc/{pid}/fdinfo/{fd}")
                .Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries))
                .Where(parts => parts.Length == 2)
                .ToDictionary(parts => parts[0], parts => parts[1]);
            if (!info.TryGetValue("prog_id", out string? id) || !seen.Add(id))
                continue;
            runs += (long)Number(info["run_cnt"]);
            nanoseconds += (long)Number(info["run_time_ns"]);
        }
        return new ProgramRuns(runs, nanoseconds);
    }

    private static IEnumerable<string> Descriptors(int pid)
    {
        try
        {
            return Directory.GetFileSystemEntries($"/proc/{pid}/fd").Select(path => Path.GetFileName(path));
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    private static string Link(int pid, string fd)
    {
        try
        {
            return new FileInfo($"/proc/{pid}/fd/{fd}").LinkTarget ?? "";
        }
        catch (IOException)
        {
            // The descriptor was closed meanwhile.
            return "";
        }
    }

    private static long Status(int pid, string field)
    {
        string line = File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith(field + ":", StringComparison.Ordinal));
        return (long)Number(line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1]) * 1024;
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
