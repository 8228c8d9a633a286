namespace ExitSnoop;

/// <summary>Why a trace could not start or had to end.</summary>
public enum ExitTraceError
{
    /// <summary>The operating system is not Linux.</summary>
    NotLinux,

    /// <summary>libbpf cannot be loaded.</summary>
    LibBpfNotFound,

    /// <summary>libbpf is older than 1.0.</summary>
    LibBpfTooOld,

    /// <summary>CAP_BPF or CAP_PERFMON is missing, or the kernel refuses a needed call for another lack of permission.</summary>
    NoPrivilege,

    /// <summary>The kernel has no type information (BTF).</summary>
    NoKernelTypeInfo,

    /// <summary>The file given as type information does not contain any.</summary>
    InvalidTypeInfo,

    /// <summary>The kernel is locked down for confidentiality and loads no BPF program.</summary>
    Lockdown,

    /// <summary>The kernel's verifier rejected the program, or the kernel lacks something that the program needs.</summary>
    LoadRefused,

    /// <summary>An option is out of range or contradicts another one.</summary>
    InvalidOption,

    /// <summary>This process or the machine has no more memory or has reached its limit of open files.</summary>
    LimitReached,

    /// <summary>The metrics file cannot be written.</summary>
    CannotWrite,
}

/// <summary>A trace could not start, or had to end. The message says what to do.</summary>
public sealed class ExitTraceException : Exception
{
    /// <summary>Initializes the exception.</summary>
    /// <param name="error">The reason.</param>
    /// <param name="message">The reason in words, and what to do about it.</param>
    /// <param name="cause">The exception that caused this one; null if there is none.</param>
    public ExitTraceException(ExitTraceError error, string message, Exception? cause = null)
        : base(message, cause) => Error = error;

    /// <summary>The reason.</summary>
    public ExitTraceError Error { get; }
}
