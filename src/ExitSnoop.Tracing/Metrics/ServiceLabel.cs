using System.Buffers;
using System.Text.RegularExpressions;
using ExitSnoop.Linux;
using ExitSnoop.Records;

namespace ExitSnoop.Metrics;

/// <summary>The label "service" of an exit: a pattern for -Service and --service that means the service, or a word where there is none.</summary>
/// <remarks>
/// The instances of a template are one: their names hold process IDs (systemd-coredump@), addresses (sshd@) and users (user@), so
/// their number is not bounded.
/// </remarks>
internal static partial class ServiceLabel
{
    /// <summary>The process was in a container, and in no service of that container.</summary>
    internal const string Container = "container";

    /// <summary>The process was in no service.</summary>
    internal const string None = "none";

    /// <summary>The service has no label of its own, as there are too many, or its name is not one that systemd allows.</summary>
    internal const string Other = "other";

    private const string Suffix = ".service";

    // VALID_CHARS_WITH_AT of src/basic/unit-name.c. A user to whom a cgroup is delegated can give those below it any name, and
    // alerts put the label into commands for root.
    private static readonly SearchValues<char> Allowed = SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:-_.\\@");

    private const int FoldersMaximum = 10_000;

    /// <param name="cgroup">The path of the process's cgroup.</param>
    internal static string OfCgroup(string cgroup)
    {
        CgroupNames names = CgroupNames.Of(cgroup);
        return names.ServiceName is { } service ? OfService(service) : names.ContainerId is null ? None : Container;
    }

    /// <summary>"nginx.service" as it is, "user@1000.service" as "user@*.service", "run-u123.service" as "run-*.service".</summary>
    internal static string OfService(string name)
    {
        if (name.AsSpan().ContainsAnyExcept(Allowed))
            return Other;
        int instance = name.IndexOf('@', StringComparison.Ordinal) + 1;
        return instance > 0 && instance < name.Length - Suffix.Length ? $"{name[..instance]}*{Suffix}"
            : Transient().IsMatch(name) ? $"run-*{Suffix}"
            : name;
    }

    /// <summary>The names of the services that run now, from the tree of cgroups; those found so far where that cannot be read on.</summary>
    internal static IEnumerable<string> RunningServices()
    {
        string root = CgroupHierarchy.Find().MountPoint;
        Stack<string> folders = new([root]);
        for (int seen = 0; seen < FoldersMaximum && folders.TryPop(out string? folder); seen++)
        {
            string[] below;
            try
            {
                below = Directory.GetDirectories(folder);
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException or ArgumentException)
            {
                continue;
            }
            foreach (string child in below)
            {
                folders.Push(child);
                if (child.EndsWith(Suffix, StringComparison.Ordinal) && CgroupNames.Of(child[root.Length..]).ServiceName is { } service)
                    yield return service;
            }
        }
    }

    // What systemd-run calls a service without a name (make_unit_name() in src/run/run.c).
    [GeneratedRegex(@"^run-(u\d+|r[0-9a-f]{32}|p\d+-i\d+)\.service$")]
    private static partial Regex Transient();
}
