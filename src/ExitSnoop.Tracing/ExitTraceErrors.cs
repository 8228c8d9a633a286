using System.ComponentModel;
using System.Globalization;
using ExitSnoop.Bpf;
using ExitSnoop.Linux;
using ExitSnoop.Reading;

namespace ExitSnoop;

/// <summary>Turns errors of libbpf and the kernel into exceptions whose messages say what to do.</summary>
internal static class ExitTraceErrors
{
    private const string Install =
        "Install libbpf 1.0 or later: 'apt-get install libbpf1' (Debian 12, Ubuntu 24.04 and later), "
        + "'dnf install libbpf' (Fedora, RHEL 9 and later), 'zypper install libbpf1' (openSUSE), "
        + "'apk add libbpf' (Alpine), 'pacman -S libbpf' (Arch).";

    // include/uapi/linux/capability.h
    private const int CapSysAdmin = 21, CapPerfmon = 38, CapBpf = 39;
    private const int VerifierLogTail = 2000;

    /// <summary>More files than a trace opens for its maps, programs and links.</summary>
    private const int FilesOfATrace = 48;

    /// <summary>The exception for a failure to start; null for a bug, whose own exception is to be thrown.</summary>
    internal static ExitTraceException? OfStart(Exception failure) => failure switch
    {
        LibBpfException { OldVersion: { } version } => LibBpfTooOld(version),
        LibBpfException missing => LibBpfNotFound(missing.File),
        TypeInfoException none => NoTypeInfo(none),
        CgroupNotFoundException none => new ExitTraceException(
            ExitTraceError.InvalidOption,
            $"There is no cgroup '{none.Path}' in the hierarchy at '{none.MountPoint}'. Give its directory, or its path in the hierarchy, such as /system.slice/cron.service."),
        LoadRefusedException load => Refused(load.Refused, load.Messages),
        CannotWatchException watch => CannotWatch(watch.NativeErrorCode, watch.Count),
        Win32Exception refused => Refused(refused, ""),
        IOException or OutOfMemoryException or ThreadStartException => CannotStart(failure),
        _ => null,
    };

    internal static ExitTraceException NoTypeInfo(TypeInfoException none) => none.Problem switch
    {
        TypeInfoProblem.NotInKernel => new(
            ExitTraceError.NoKernelTypeInfo,
            $"This kernel ({Environment.OSVersion.Version}) was built without type information ({none.Path}: CONFIG_DEBUG_INFO_BTF). "
            + "Use a distribution's kernel from 5.10 on, or give a BTF file made for this kernel (-BtfPath, --btf-path; the BTFHub archive has many)."),
        TypeInfoProblem.FileDoesNotReplaceIt => new(
            ExitTraceError.NoKernelTypeInfo,
            $"-IncludeChildren (--include-children) needs the kernel's own type information ({none.Path}: CONFIG_DEBUG_INFO_BTF); a file cannot replace it."),
        TypeInfoProblem.Unreadable => new(
            ExitTraceError.InvalidTypeInfo, $"The BTF file '{none.Path}' cannot be read: {none.InnerException?.Message}", none.InnerException),
        _ => new(
            ExitTraceError.InvalidTypeInfo,
            $"'{none.Path}' is not a BTF file. Give the raw type information of this kernel (an unpacked file of the BTFHub archive) or a vmlinux that has it."),
    };

    /// <summary>The message if descendants are wanted, but no process is given whose descendants they are.</summary>
    internal const string DescendantsOfNone = "IncludeChildren needs Ids (-IncludeChildren and -Id, --include-children and --pid).";

    internal static ExitTraceException NotLinux() => new(
        ExitTraceError.NotLinux, "Process exits are traced with BPF, so this works on Linux only.");

    internal static ExitTraceException LibBpfNotFound(string file) => new(
        ExitTraceError.LibBpfNotFound,
        $"The library '{file}' cannot be loaded. {Install} {LibBpfFile.PathVariable} can name the file of another copy.");

    internal static ExitTraceException LibBpfTooOld(string version) => new(
        ExitTraceError.LibBpfTooOld,
        $"libbpf is too old: {version}. {Install} {LibBpfFile.PathVariable} can name the file of a newer copy.");

    /// <summary>The exception for a failure of pidfd_open(2).</summary>
    /// <param name="error">errno.</param>
    /// <param name="count">How many processes were to be watched.</param>
    internal static ExitTraceException CannotWatch(int error, int count) => error switch
    {
        LibC.EMFILE => new(
            ExitTraceError.InvalidOption,
            $"Watching {count} processes needs {count} open files, more than the limit of this process (ulimit -n). Raise the limit, or watch fewer processes."),
        LibC.ENOSYS or LibC.EPERM => new(
            ExitTraceError.NoPrivilege,
            $"This process may not call pidfd_open(2) ({new Win32Exception(error).Message}), which is needed to watch a process by its ID. "
            + "Allow the call in the seccomp filter of the container or service, or filter by name, user or parent."),
        _ => new(
            ExitTraceError.LimitReached,
            $"A process cannot be watched by its ID: {new Win32Exception(error).Message}. {Limits}"),
    };

    /// <summary>The exception if the trace cannot start because a file cannot be read or memory is short.</summary>
    internal static ExitTraceException CannotStart(Exception cause) => new(
        ExitTraceError.LimitReached, $"The trace cannot start: {cause.Message.TrimEnd('.')}. {Limits}", cause);

    /// <summary>The exception if the reader failed, so that the trace had to end.</summary>
    internal static ExitTraceException CannotRead(Exception cause) => new(
        ExitTraceError.LimitReached, $"The trace has ended: {cause.Message.TrimEnd('.')}. {Limits}", cause);

    private const string Limits =
        "Raise the limits of this process (ulimit -n for open files, ulimit -v and the memory limit of its cgroup) or of the machine (fs.file-max).";

    /// <summary>The exception if the kernel refused to load or attach the program.</summary>
    /// <param name="refused">errno of the call that failed.</param>
    /// <param name="messages">libbpf's warnings, with the verifier's log at the end.</param>
    internal static ExitTraceException Refused(Win32Exception refused, string messages)
    {
        if (IsLockedDown())
            return new ExitTraceException(
                ExitTraceError.Lockdown,
                "The kernel is locked down for confidentiality (/sys/kernel/security/lockdown) and refuses all BPF programs that read kernel memory. "
                + "Boot with lockdown=integrity or none.",
                refused);
        if (refused.NativeErrorCode is LibC.EPERM or LibC.EACCES)
            return new ExitTraceException(ExitTraceError.NoPrivilege, NoPrivilege(), refused);
        // libbpf opens files to find out what the kernel supports. If that fails, it assumes an older kernel, and another call is
        // refused later with another error.
        if (refused.NativeErrorCode is LibC.EMFILE or LibC.ENFILE or LibC.ENOMEM)
            return CannotStart(refused);
        if (!LibC.CanOpen(FilesOfATrace))
            return CannotStart(new Win32Exception(LibC.EMFILE));
        string tail = messages.Length > VerifierLogTail ? "..." + messages[^VerifierLogTail..] : messages;
        return new ExitTraceException(
            ExitTraceError.LoadRefused,
            $"Linux {Environment.OSVersion.Version} did not load the BPF program: {refused.Message}. "
            + $"It works on Linux 5.10 and later. The messages of libbpf {LibBpf.Version}:{Environment.NewLine}{tail.Trim()}",
            refused);
    }

    private static string NoPrivilege()
    {
        const string remedy =
            "Run as root (sudo pwsh, sudo exitsnoop), or grant both: "
            + "'setcap cap_bpf,cap_perfmon+ep FILE' on a copy of the console program, "
            + "'AmbientCapabilities=CAP_BPF CAP_PERFMON' in a systemd unit, or capsh(1) for a shell.";
        ulong effective = EffectiveCapabilities();
        bool Has(int capability) => (effective >> capability & 1) != 0;

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
        return "The kernel refused to load a BPF program although this process has CAP_BPF and CAP_PERFMON. They count only in the first user namespace, "
            + "so run a container without a user namespace of its own (--privileged). A security module or a seccomp filter may also refuse bpf(2).";
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
            // The security file system is not mounted, or the kernel has no lockdown.
            return false;
        }
    }
}
