using System.Buffers;
using System.Text.RegularExpressions;
using ExitSnoop.Linux;
using ExitSnoop.Records;

namespace ExitSnoop.Metrics;

/// <summary>The label "service" of an exit: a pattern for -Service and --service that matches the service, or a word if there is no service.</summary>
/// <remarks>
/// All instances of a template have one label. Their names contain process IDs (systemd-coredump@), addresses (sshd@) and users (user@),
/// so their number is not limited.
/// </remarks>
internal static partial class ServiceLabel
{
    /// <summary>The process was in a container, and in no service of that container.</summary>
    internal const string Container = "container";

    /// <summary>The process was in no service.</summary>
    internal const string None = "none";

    /// <summary>The service has no label of its own, because there are too many services or systemd does not allow such a name.</summary>
    internal const string Other = "other";

    private const string Suffix = ".service";

    // VALID_CHARS_WITH_AT of src/basic/unit-name.c in systemd. A user with a delegated cgroup can give any name to cgroups below it, and
    // alerts put the label into commands for root.
    private static readonly SearchValues<char> Allowed = SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:-_.\\@");

    private const int FoldersMaximum = 10_000;

    /// <summary>The label for a process.</summary>
    /// <param name="cgroup">The path of its cgroup.</param>
    internal static string OfCgroup(string cgroup)
    {
        CgroupNames names = CgroupNames.Of(cgroup);
        return names.ServiceName is { } service ? OfService(service) : names.ContainerId is null ? None : Container;
    }

    /// <summary>The label for a service: "nginx.service" unchanged, "user@*.service" for "user@1000.service", "run-*.service" for "run-u123.service".</summary>
    internal static string OfService(string name)
    {
        if (name.AsSpan().ContainsAnyExcept(Allowed))
            return Other;
        int instance = name.IndexOf('@', StringComparison.Ordinal) + 1;
        return instance > 0 && instance < name.Length - Suffix.Length ? $"{name[..instance]}*{Suffix}"
            : Transient().IsMatch(name) ? $"run-*{Suffix}"
            : name;
    }

    /// <summary>The names of the running services, from the tree of cgroups. Folders that cannot be read are skipped.</summary>
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

    // The names that systemd-run generates for services (make_unit_name() in src/run/run.c of systemd).
    [GeneratedRegex(@"^run-(u\d+|r[0-9a-f]{32}|p\d+-i\d+)\.service$")]
    private static partial Regex Transient();
}
