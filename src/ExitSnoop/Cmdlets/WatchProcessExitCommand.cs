using System.Management.Automation;
using ExitSnoop.Commands.Parameters;
using ExitSnoop.Commands.Views;

namespace ExitSnoop.Commands;

/// <summary>Writes an ExitEvent for every process that exits.</summary>
[Cmdlet(VerbsCommon.Watch, "ProcessExit", DefaultParameterSetName = FilterSet)]
[Alias("exitsnoop")]
[OutputType(typeof(ExitEvent))]
public sealed class WatchProcessExitCommand : ExitTraceCommand
{
    /// <summary>Shows the TIME column.</summary>
    [Parameter]
    [Alias("t")]
    public SwitchParameter Timestamp { get; set; }

    /// <summary>Ends after this many events.</summary>
    [Parameter]
    [Alias("n")]
    [ValidateRange(1, int.MaxValue)]
    public int MaxEvents { get; set; } = int.MaxValue;

    /// <summary>Ends after this time.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan? Timeout { get; set; }

    /// <summary>Receives arguments that no other parameter accepts, so that the error can say what is wrong with them.</summary>
    [Parameter(ValueFromRemainingArguments = true, DontShow = true)]
    [NoSuchArgument]
    public object[]? RemainingArguments { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (NothingToWatch)
            return;
        WatchColumns columns = WatchColumns.For(this, Timestamp || Utc, Utc, Label is not null);
        try
        {
            using ExitTrace trace = Start(MaxEvents < int.MaxValue ? MaxEvents : null, Timeout);
            Stream(trace, columns);
        }
        catch (ExitTraceException error)
        {
            ThrowTerminatingError(error.ToErrorRecord());
        }
        catch (OperationCanceledException) when (Stopped.IsCancellationRequested)
        {
            // Ctrl+C or Stop-Job is stopping the pipeline. PowerShell reports that itself.
        }
    }

    private void Stream(ExitTrace trace, WatchColumns columns)
    {
        while (true)
        {
            while (trace.TryRead(out ExitEvent? exit))
            {
                WriteObject(columns.Apply(exit));
                WarnOfLosses(trace);
            }
            WriteErrors(trace.TakeMissingIds().Select(TraceErrors.NoSuchProcess));
            WriteErrors(trace.TakeUnseenIds().Select(TraceErrors.NotSeen));
            WarnOfLosses(trace);
            if (trace.IsCompleted)
                break;
            trace.WaitForEvents(System.Threading.Timeout.InfiniteTimeSpan, Stopped);
        }
        if (trace.End == ExitTraceEnd.TimeLimit)
            WriteErrors(trace.AliveIds.Select(TraceErrors.StillAlive));
    }

    private void WarnOfLosses(ExitTrace trace)
    {
        while (trace.TryTakeLoss(out ExitTraceLoss? loss))
            WriteWarning(loss.Message);
    }
}
