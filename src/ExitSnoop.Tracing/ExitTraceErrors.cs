using System.ComponentModel;
using System.Globalization;
using ExitSnoop.Bpf;
using ExitSnoop.Linux;

namespace ExitSnoop;

/// <summary>The errors of libbpf and the kernel in the words of what to do about them.</summary>
internal static class ExitTraceErrors
{
    private const string Install =
        "Install libbpf 1.0 or later: 'apt-get install libbpf1' (Debian 12, Ubuntu 24.04 and later), "
        + "'dnf install libbpf' (Fedora, RHEL 9 and later), 'zypper install libbpf1' (openSUSE), "
        + "'apk add libbpf' (Alpine), 'pacman -S libbpf' (Arch).";

    // include/uapi/linux/capability.h
    private const int CapSysAdmin = 21, CapPerfmon = 38, CapBpf = 39;
    private const int VerifierLogTail = 2000;

    internal static ExitTraceException NotLinux() => new(
        ExitTraceError.NotLinux, "Process exits are traced with BPF, which only Linux has.");

    internal static ExitTraceException LibBpfNotFound(string file) => new(
        ExitTraceError.LibBpfNotFound,
        $"The library '{file}' cannot be loaded. {Install} {LibBpfFile.PathVariable} can name the file of another copy.");

    internal static ExitTraceException LibBpfTooOld(string version) => new(
        ExitTraceError.LibBpfTooOld,
        $"libbpf is too old: {version}. {Install} {LibBpfFile.PathVariable} can name the file of a newer copy.");

    /// <summary>What a refused load or attachment means on this machine, to this user.</summary>
    /// <param name="refused">errno of the call that failed.</param>
    /// <param name="messages">What libbpf said, the verifier's log at its end.</param>
    internal static ExitTraceException Refused(Win32Exception refused, string messages)
    {
        if (IsLockedDown())
            return new ExitTraceException(
                ExitTraceError.Lockdown,
                "The kernel is locked down for confidentiality (/sys/kernel/security/lockdown) and lets no program read kernel memory, "
                + "so no tracer of this kind works. Boot with lockdown=integrity or none.",
                refused);
        if (refused.NativeErrorCode is LibC.EPERM or LibC.EACCES && NoPrivilege() is { } missing)
            return new ExitTraceException(ExitTraceError.NoPrivilege, missing, refused);
        string tail = messages.Length > VerifierLogTail ? "..." + messages[^VerifierLogTail..] : messages;
        return new ExitTraceException(
            ExitTraceError.LoadRefused,
            $"Linux {Environment.OSVersion.Version} did not load the BPF program: {refused.Message}. "
            + $"Kernels from 5.10 on are known to work. libbpf {LibBpf.Version} said:{Environment.NewLine}{tail.Trim()}",
            refused);
    }

    private static string? NoPrivilege()
    {
        const string remedy =
            "Run as root (sudo pwsh, sudo exitsnoop), or grant both: "
            + "'setcap cap_bpf,cap_perfmon+ep FILE' on a copy of the console program, "
            + "'AmbientCapabilities=CAP_BPF CAP_PERFMON' in a systemd unit, or capsh.";
        ulong effective = EffectiveCapabilities();
        bool Has(int capability) => (effective >> capability & 1) != 0;

        if (Environment.OSVersion.Version < new Version(5, 8))
            return Has(CapSysAdmin) ? null : $"Loading a BPF program on Linux before 5.8 needs CAP_SYS_ADMIN. {remedy}";
        List<string> missing = [];
        if (!Has(CapBpf) && !Has(CapSysAdmin))
            missing.Add("CAP_BPF");
        if (!Has(CapPerfmon) && !Has(CapSysAdmin))
            missing.Add("CAP_PERFMON");
        if (missing.Count > 0)
            return $"Loading a BPF program needs CAP_BPF and CAP_PERFMON; {string.Join(" and ", missing)} "
                + (missing.Count > 1 ? "are" : "is") + $" missing. {remedy}";
        if (Environment.OSVersion.Version < new Version(5, 11))
            return "On Linux before 5.11 the maps of a BPF program count as locked memory: raise RLIMIT_MEMLOCK (ulimit -l unlimited) before privileges are dropped.";
        return "The kernel refused to load a BPF program although CAP_BPF and CAP_PERFMON are held: they count only in the first user namespace, "
            + "so a container needs to run without one of its own (--privileged), and a security module or seccomp filter may refuse bpf(2) as well.";
    }

    private static ulong EffectiveCapabilities()
    {
        const string field = "CapEff:";
        foreach (string line in File.ReadLines("/proc/self/status"))
            if (line.StartsWith(field, StringComparison.Ordinal))
                return ulong.Parse(line.AsSpan(field.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return 0;
    }

    private static bool IsLockedDown()
    {
        try
        {
            return File.ReadAllText("/sys/kernel/security/lockdown").Contains("[confidentiality]", StringComparison.Ordinal);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            // No security file system, or no lockdown in this kernel.
            return false;
        }
    }
}
