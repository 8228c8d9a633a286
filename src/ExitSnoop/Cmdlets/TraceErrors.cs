using System.Management.Automation;

namespace ExitSnoop.Commands;

/// <summary>Converts the library's errors to error records with a fixed ID, a category and the same message.</summary>
internal static class TraceErrors
{
    internal static ErrorRecord ToErrorRecord(this ExitTraceException error) => new(
        error,
        error.Error.ToString(),
        error.Error switch
        {
            ExitTraceError.NotLinux => ErrorCategory.NotImplemented,
            ExitTraceError.LibBpfNotFound or ExitTraceError.LibBpfTooOld => ErrorCategory.NotInstalled,
            ExitTraceError.NoPrivilege => ErrorCategory.PermissionDenied,
            ExitTraceError.NoKernelTypeInfo => ErrorCategory.ResourceUnavailable,
            ExitTraceError.InvalidTypeInfo or ExitTraceError.InvalidOption => ErrorCategory.InvalidArgument,
            ExitTraceError.Lockdown => ErrorCategory.SecurityError,
            ExitTraceError.LimitReached => ErrorCategory.LimitsExceeded,
            ExitTraceError.CannotWrite => ErrorCategory.WriteError,
            _ => ErrorCategory.OpenError,
        },
        null);

    internal static ErrorRecord NoSuchProcess(int id) => new(
        new ArgumentException($"There is no process with the ID {id}: none has it, or it exited before the trace began."),
        "NoProcessFoundForGivenId", ErrorCategory.ObjectNotFound, id);

    internal static ErrorRecord NotSeen(int id) => new(
        new InvalidOperationException($"The process with the ID {id} has exited, but the kernel did not run the BPF program for its exit."),
        "ProcessExitNotSeen", ErrorCategory.ReadError, id);

    internal static ErrorRecord StillAlive(int id) => new(
        new TimeoutException($"The process with the ID {id} has not exited within the given time."),
        "ProcessNotExited", ErrorCategory.OperationTimeout, id);
}
