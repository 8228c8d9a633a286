using ExitSnoop.Records;

namespace ExitSnoop.Metrics;

/// <summary>How a process ended. Each exit has exactly one of these results.</summary>
internal enum ExitResult
{
    /// <summary>The exit status is 0.</summary>
    Success,

    /// <summary>The exit status is not 0, or a kernel thread ended with an error.</summary>
    Failed,

    /// <summary>A signal ended the process, but none of the following applies.</summary>
    Killed,

    /// <summary>A fault, or another signal whose default action is a core dump, ended the process.</summary>
    Crashed,

    /// <summary>The kernel's OOM killer killed the process.</summary>
    Oom,
}

/// <summary>Determines the results of exits.</summary>
internal static class ExitResults
{
    /// <summary>The values of the label "result", indexed by <see cref="ExitResult"/>.</summary>
    internal static readonly string[] Names = ["success", "failed", "killed", "crashed", "oom"];

    internal static ExitResult Of(in RecordView exit)
    {
        ref readonly ExitRecord record = ref exit.Record;
        if (record.Flags.HasFlag(RecordFlags.OomKilled))
            return ExitResult.Oom;
        WaitStatus status = new(record.WaitStatus, record.Flags.HasFlag(RecordFlags.KernelThread));
        return status.Signal == Signal.None ? status.Failed ? ExitResult.Failed : ExitResult.Success
            : SignalTable.CoreDumping.Contains(status.Signal) ? ExitResult.Crashed : ExitResult.Killed;
    }
}
