using System.Runtime.InteropServices;

namespace ExitSnoop.Bench;

/// <summary>Describes the machine on which the figures were measured.</summary>
internal static class Machine
{
    /// <summary>The names and values that describe it.</summary>
    internal static IEnumerable<(string Name, string Value)> Describe(Bench bench)
    {
        yield return ("processor", $"{Processor()}, {Environment.ProcessorCount} of them");
        yield return ("memory", $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9:0} GB");
        yield return ("kernel", $"{File.ReadAllText("/proc/sys/kernel/osrelease").Trim()}, {RuntimeInformation.OSArchitecture}");
        yield return ("system", OperatingSystemName());
        yield return ("exitsnoop", FirstLine(bench, bench.Workspace.Console, "--version"));
        if (bench.HasShell)
            yield return ("pwsh", FirstLine(bench, "pwsh", "--version"));
        foreach (string package in (string[])["libbpf1", "libbpf-tools", "bpfcc-tools", "bpftrace"])
            if (PackageVersion(bench, package) is { } version)
                yield return (package, version);
        yield return ("date", DateTime.UtcNow.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture));
        yield return ("load before the run", Load());
    }

    /// <summary>How many processes wanted to run, on average over the last minute.</summary>
    internal static string Load() => File.ReadAllText("/proc/loadavg").Split(' ')[0];

    /// <summary>How many processes and threads were started since the machine was booted.</summary>
    internal static long ProcessesStarted() =>
        long.Parse(
            File.ReadLines("/proc/stat").First(line => line.StartsWith("processes ", StringComparison.Ordinal))[10..],
            System.Globalization.CultureInfo.InvariantCulture);

    private static string Processor() =>
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) is { } line
            ? line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()
            : RuntimeInformation.ProcessArchitecture.ToString();

    private static string OperatingSystemName() =>
        File.ReadLines("/etc/os-release").FirstOrDefault(line => line.StartsWith("PRETTY_NAME=", StringComparison.Ordinal)) is { } line
            ? line["PRETTY_NAME=".Length..].Trim('"')
            : "Linux";

    private static string? PackageVersion(Bench bench, string package)
    {
        try
        {
            return FirstLine(bench, "dpkg-query", "-W", "-f", "${Version}", package) is { Length: > 0 } version ? version : null;
        }
        catch (BenchException)
        {
            // The package is not installed, or the distribution is not Debian.
            return null;
        }
    }

    private static string FirstLine(Bench bench, params string[] command) => ChildProcess.Run(bench.Workspace, command).Split('\n')[0];
}
