using System.Buffers;

namespace ExitSnoop.Records;

/// <summary>Finds the container in the path of a cgroup, as the container managers name it.</summary>
internal static class ContainerIds
{
    private const int IdLength = 64;
    private const string MachinePrefix = "machine-";
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>
    /// The id (64 hexadecimal digits: docker, containerd, cri-o, podman) or the machine's name
    /// (systemd-nspawn) of the innermost container; null where there is none.
    /// </summary>
    internal static string? Find(string cgroupPath)
    {
        int end = cgroupPath.Length;
        while (end > 0)
        {
            int start = cgroupPath.LastIndexOf('/', end - 1) + 1;
            if (OfComponent(cgroupPath.AsSpan(start, end - start)) is { } id)
                return id;
            end = start - 1;
        }
        return null;
    }

    // "docker-ID.scope", "cri-containerd-ID.scope", "crio-ID.scope", "libpod-ID.scope", "libpod-conmon-ID.scope"
    // under systemd; "docker/ID", "kubepods/besteffort/podUID/ID" under cgroupfs; "machine-NAME.scope" and
    // "systemd-nspawn@NAME.service" of nspawn. conmon is podman's monitor, outside the container.
    private static string? OfComponent(ReadOnlySpan<char> component)
    {
        ReadOnlySpan<char> name = component;
        bool scope = name.EndsWith(".scope", StringComparison.Ordinal);
        if (scope)
            name = name[..^".scope".Length];

        if (name.StartsWith("systemd-nspawn@", StringComparison.Ordinal) && name.EndsWith(".service", StringComparison.Ordinal))
            return Unescape(name["systemd-nspawn@".Length..^".service".Length]);
        if (scope && name.StartsWith(MachinePrefix, StringComparison.Ordinal))
            return Unescape(name[MachinePrefix.Length..]);

        if (name.Contains("conmon", StringComparison.Ordinal) || name.Length < IdLength)
            return null;
        ReadOnlySpan<char> id = name[^IdLength..];
        bool separate = name.Length == IdLength || name[^(IdLength + 1)] is '-' or ':';
        return separate && !id.ContainsAnyExcept(HexDigits) ? id.ToString() : null;
    }

    // systemd writes "-" in a unit's name as "\x2d".
    private static string Unescape(ReadOnlySpan<char> name) => name.ToString().Replace("\\x2d", "-", StringComparison.Ordinal);
}
