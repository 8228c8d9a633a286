using ExitSnoop.Records;

namespace ExitSnoop.Metrics;

/// <summary>How a process ended; each exit has one of these.</summary>
internal enum ExitResult
{
    /// <summary>With the status 0.</summary>
    Success,

    /// <summary>With another status, or as a kernel thread with an error.</summary>
    Failed,

    /// <summary>By a signal that is none of the below.</summary>
    Killed,

    /// <summary>By a fault or another signal whose default is to dump a core.</summary>
    Crashed,

    /// <summary>By the kernel's OOM killer.</summary>
    Oom,
}

/// <summary>Results of exits.</summary>
internal static class ExitResults
{
    /// <summary>As they stand in the label "result", by their number.</summary>
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
