namespace ExitSnoop;

/// <summary>Why a trace could not start, or go on.</summary>
public enum ExitTraceError
{
    /// <summary>The operating system is not Linux.</summary>
    NotLinux,

    /// <summary>libbpf is not installed.</summary>
    LibBpfNotFound,

    /// <summary>libbpf is older than 1.0.</summary>
    LibBpfTooOld,

    /// <summary>CAP_BPF or CAP_PERFMON is missing.</summary>
    NoPrivilege,

    /// <summary>The kernel has no type information (BTF).</summary>
    NoKernelTypeInfo,

    /// <summary>The file given as type information does not contain any.</summary>
    InvalidTypeInfo,

    /// <summary>The kernel is locked down for confidentiality and loads no BPF program.</summary>
    Lockdown,

    /// <summary>The kernel's verifier refused the program, or the kernel lacks what it needs.</summary>
    LoadRefused,

    /// <summary>An option is out of range, or contradicts another.</summary>
    InvalidOption,

    /// <summary>Memory or open files ran out, of this process or of the machine.</summary>
    LimitReached,

    /// <summary>The file for metrics cannot be written.</summary>
    CannotWrite,
}

/// <summary>A trace could not start, or had to end. The message says what to do.</summary>
public sealed class ExitTraceException : Exception
{
    /// <summary>Makes an exception.</summary>
    /// <param name="error">Why.</param>
    /// <param name="message">Why, and what to do about it.</param>
    /// <param name="cause">The exception behind it, if any.</param>
    public ExitTraceException(ExitTraceError error, string message, Exception? cause = null)
        : base(message, cause) => Error = error;

    /// <summary>Why, for programs.</summary>
    public ExitTraceError Error { get; }
}
