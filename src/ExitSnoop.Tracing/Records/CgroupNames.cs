using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace ExitSnoop.Records;

/// <summary>What the path of a cgroup says about a process: its container, its pod and its service.</summary>
/// <param name="ContainerId">The ID or name of the innermost container, as its manager shows it; null if the process is in no container.</param>
/// <param name="PodId">The UID of the Kubernetes pod; null if the process is in no pod.</param>
/// <param name="ServiceName">The innermost systemd service, of the system manager or a user manager; null if there is none.</param>
internal sealed partial record CgroupNames(string? ContainerId, string? PodId, string? ServiceName)
{
    private const int KnownMaximum = 4096;

    // The exits of a machine come from few cgroups, and parsing a path costs more than the rest of an event.
    private static readonly ConcurrentDictionary<string, CgroupNames> Known = new(StringComparer.Ordinal);

    private const string Scope = ".scope", Service = ".service";

    /// <summary>The beginnings of the names under which libvirt registers virtual machines, which are not containers.</summary>
    private static readonly string[] Hypervisors = ["qemu-", "xen-", "ch-", "bhyve-", "vbox-"];

    /// <summary>Parses a path, or takes the result from the cache. Can be called on any thread.</summary>
    /// <param name="path">The path from the root of the hierarchy.</param>
    internal static CgroupNames Of(string path)
    {
        if (Known.TryGetValue(path, out CgroupNames? known))
            return known;
        if (Known.Count >= KnownMaximum)
            Known.Clear();
        return Known[path] = Read(path);
    }

    /// <summary>The names in the cgroups of a process, one for each hierarchy; empty if the process is gone.</summary>
    internal static IReadOnlyList<CgroupNames> OfProcess(int id)
    {
        try
        {
            // hierarchy:controllers:path
            return [.. File.ReadLines($"/proc/{id}/cgroup").Select(line => Of(line.Split(':', 3)[^1]))];
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static CgroupNames Read(string path)
    {
        string? container = null, pod = null, service = null;
        string parent = "";
        bool kubernetes = false;
        // From the root down, so that the innermost of each wins.
        foreach (string component in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            kubernetes |= component.StartsWith("kubepods", StringComparison.Ordinal);
            if (kubernetes)
                pod = FindPod(component) ?? pod;
            if (FindContainer(component, parent) is { } found)
                // A service outside of the container is not the service of a process in it.
                (container, service) = (found, null);
            else if (component.EndsWith(Service, StringComparison.Ordinal))
                service = component;
            parent = component;
        }
        return new CgroupNames(container, pod, service);
    }

    private static string? FindContainer(string component, string parent)
    {
        // Docker, containerd, CRI-O, Podman, ECS on EC2: "ID", "docker-ID.scope", "slice:cri-containerd:ID".
        // The monitors of Podman and CRI-O (conmon) run outside of the container.
        string name = Without(component, Scope);
        if (HexId().Match(name) is { Success: true } hex)
            return name.Contains("conmon", StringComparison.Ordinal) ? null : hex.Groups["id"].Value;

        // systemd-nspawn and libvirt's LXC driver.
        if (component.StartsWith("systemd-nspawn@", StringComparison.Ordinal))
            return Unescape(Without(component, Service)["systemd-nspawn@".Length..]);
        if (component.StartsWith("machine-", StringComparison.Ordinal) && component.EndsWith(Scope, StringComparison.Ordinal))
            return Unescape(name["machine-".Length..]) is var machine && Array.Exists(Hypervisors, h => machine.StartsWith(h, StringComparison.Ordinal))
                ? null
                : machine;
        if (component.EndsWith(".libvirt-lxc", StringComparison.Ordinal))
            return Without(component, ".libvirt-lxc");

        // LXC, Incus, LXD, Proxmox: "lxc.payload.NAME", "lxc.payload/NAME", "lxc/NAME/ns". lxc.monitor is not in the container.
        if (component.StartsWith("lxc.payload.", StringComparison.Ordinal))
            return component["lxc.payload.".Length..];
        if (parent is "lxc" or "lxc.payload")
            return component;

        return parent switch
        {
            // ECS on Fargate: "ecs/CLUSTER/TASK/TASK-NUMBER".
            _ when FargateId().IsMatch(component) => component,
            // Cloud Foundry.
            "garden" when GardenId().IsMatch(component) => component,
            // BuildKit alone, in dockerd, and in dockerd with systemd's cgroups.
            "buildkit" when BuildKitId().IsMatch(component) => component,
            _ when component.EndsWith(Scope, StringComparison.Ordinal) && BuildKitScope().Match(name) is { Success: true } build => build.Groups["id"].Value,
            // Nomad's exec and containerd drivers: "nomad.slice/share.slice/ALLOCATION.TASK.scope".
            _ when NomadTask().IsMatch(component) => name,
            _ => null,
        };
    }

    // "kubepods-burstable-podUID.slice" with underscores, "podUID", "kubepods-podUID.slice:cri-containerd:ID".
    private static string? FindPod(string component) =>
        Pod().Match(component) is { Success: true } match ? match.Groups["uid"].Value.Replace('_', '-') : null;

    private static string Without(string text, string end) =>
        text.EndsWith(end, StringComparison.Ordinal) ? text[..^end.Length] : text;

    // systemd writes "-" in the name of a unit as "\x2d".
    private static string Unescape(string name) => name.Replace("\\x2d", "-", StringComparison.Ordinal);

    [GeneratedRegex("(^|[-:])(?<id>[0-9a-f]{64})$")]
    private static partial Regex HexId();

    [GeneratedRegex("^[0-9a-f]{32}-[0-9]{6,12}$")]
    private static partial Regex FargateId();

    [GeneratedRegex("^[0-9a-f]{8}(-[0-9a-f]{4}){3,4}([0-9a-f]{8})?$")]
    private static partial Regex GardenId();

    [GeneratedRegex("^[0-9a-z]{25}$")]
    private static partial Regex BuildKitId();

    [GeneratedRegex("^(docker|buildkit)-(?<id>[0-9a-z]{25})$")]
    private static partial Regex BuildKitScope();

    [GeneratedRegex(@"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\..+\.scope$")]
    private static partial Regex NomadTask();

    [GeneratedRegex(@"(^|^kubepods-([a-z]+-)?)pod(?<uid>[0-9a-zA-Z_-]+)(\.slice(:.*)?)?$")]
    private static partial Regex Pod();
}
