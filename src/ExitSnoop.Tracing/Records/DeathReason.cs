using System.Globalization;

namespace ExitSnoop.Records;

/// <summary>Why a signal ended a process, in a few words. All views and formats use this text.</summary>
internal static class DeathReason
{
    /// <summary>The text; null if nothing is known, and for a process that no signal ended.</summary>
    internal static string? Describe(in ExitRecord record, in ExitDetail detail)
    {
        Signal signal = new WaitStatus(record.WaitStatus, record.Flags.HasFlag(RecordFlags.KernelThread)).Signal;
        if (signal == Signal.None)
            return null;
        if (record.Flags.HasFlag(RecordFlags.OomKilled))
            return "out of memory";
        if (Describe(detail) is { } cause)
            return cause;
        if (!record.Flags.HasFlag(RecordFlags.Sender))
            return null;
        if (record.Flags.HasFlag(RecordFlags.SenderTask))
            return DescribeSender(record, detail, signal);
        if (record.Flags.HasFlag(RecordFlags.FaultAddress))
            return $"{DescribeFault(signal, detail.SignalCode)} at {Address(detail)}";
        return DescribeKernel(signal, detail.SignalCode);
    }

    private static string? Describe(in ExitDetail detail) => detail.Cause switch
    {
        SignalCause.StackOverflow => $"stack overflow at {Address(detail)}",
        SignalCause.GeneralProtection => "general protection fault",
        SignalCause.StackSegment => "stack segment fault",
        SignalCause.Breakpoint => "breakpoint",
        SignalCause.ParentDeath => "parent died (PDEATHSIG)",
        SignalCause.CpuLimit => "CPU limit (RLIMIT_CPU)",
        SignalCause.NamespaceDeath => "PID namespace ended",
        SignalCause.TracerDeath => "debugger died (PTRACE_O_EXITKILL)",
        SignalCause.Seccomp => DescribeSeccomp(detail),
        _ => null,
    };

    private static string DescribeSeccomp(in ExitDetail detail)
    {
        if (detail.SystemCall < 0)
            return "seccomp";
        string number = detail.SystemCall.ToString(CultureInfo.InvariantCulture);
        return SystemCalls.GetName(detail.SystemCall, detail.SystemCallArch) is { } name
            ? $"seccomp: {name} ({number})"
            : $"seccomp: system call {number}";
    }

    private static string DescribeSender(in ExitRecord record, in ExitDetail detail, Signal signal)
    {
        if (detail.SenderPid == record.Pid)
            return signal == Signal.ABRT ? "aborted" : "killed itself";
        string killed = record.Flags.HasFlag(RecordFlags.SenderProbable) ? "probably killed by" : "killed by";
        // A sender outside of the reader's PID namespace has no ID in it.
        return detail.SenderPid == 0
            ? $"{killed} {detail.SenderComm}"
            : string.Create(CultureInfo.InvariantCulture, $"{killed} {detail.SenderComm} ({detail.SenderPid})");
    }

    private static string DescribeFault(Signal signal, int code)
    {
        string name = SignalCodes.GetName(signal, code);
        return (signal, name) switch
        {
            (Signal.SEGV, _) => $"segfault ({name})",
            (Signal.BUS, _) => $"bus error ({name})",
            (Signal.ILL, _) => $"illegal instruction ({name})",
            (Signal.FPE, "INTDIV") => "division by zero",
            (Signal.FPE, _) => $"arithmetic error ({name})",
            (Signal.TRAP, "BRKPT") => "breakpoint",
            _ => $"trap ({name})",
        };
    }

    // Signals that the kernel itself sends, most of them for one purpose only.
    private static string DescribeKernel(Signal signal, int code) => (signal, SignalCodes.GetName(signal, code)) switch
    {
        (_, "TIMER") or (Signal.ALRM or Signal.VTALRM or Signal.PROF, "KERNEL") => "timer expired",
        (Signal.PIPE, "USER" or "KERNEL") => "broken pipe",
        (Signal.XFSZ, "USER" or "KERNEL") => "file size limit (RLIMIT_FSIZE)",
        (Signal.XCPU, "KERNEL") => "CPU limit (RLIMIT_CPU)",
        (Signal.HUP, "KERNEL") => "terminal hung up",
        (Signal.INT, "KERNEL") => "interrupted from the terminal",
        (Signal.QUIT, "KERNEL") => "quit from the terminal",
        (Signal.SEGV, "KERNEL") => "segfault",
        (Signal.BUS, "KERNEL") => "bus error",
        (Signal.ILL, "KERNEL") => "illegal instruction",
        (Signal.FPE, "KERNEL") => "arithmetic error",
        (Signal.TRAP, "KERNEL") => "trap",
        (_, "KERNEL" or "USER") => "killed by the kernel",
        (_, string name) => $"killed by the kernel ({name})",
    };

    private static string Address(in ExitDetail detail) =>
        string.Create(CultureInfo.InvariantCulture, $"0x{detail.FaultAddress:x}");
}
