using System.Diagnostics;
using System.Management.Automation;

namespace ExitSnoop.Commands;

/// <summary>Streams an ExitEvent for every process that dies.</summary>
[Cmdlet(VerbsCommon.Watch, "ProcessExit")]
[Alias("exitsnoop")]
[OutputType(typeof(ExitEvent))]
public sealed class WatchProcessExitCommand : ExitTraceCommand
{
    private static readonly TimeSpan WarningInterval = TimeSpan.FromSeconds(1);

    private readonly Stopwatch sinceWarning = Stopwatch.StartNew();
    private long warnedOf;

    /// <summary>Shows the TIME column.</summary>
    [Parameter]
    [Alias("t")]
    public SwitchParameter Timestamp { get; set; }

    /// <summary>Ends after so many events.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int MaxEvents { get; set; } = int.MaxValue;

    /// <summary>Ends after so many seconds.</summary>
    [Parameter]
    [ValidateRange(0.0, ExitTraceOptions.MaximumSeconds)]
    public double Timeout { get; set; } = double.PositiveInfinity;

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (NothingToWatch)
            return;
        ExitEventView view = ExitEventView.For(this, Timestamp || Utc, Utc, Label is not null);
        try
        {
            using ExitTrace trace = Start();
            Stream(trace, view);
        }
        catch (ExitTraceException error)
        {
            ThrowTerminatingError(error.ToErrorRecord());
        }
        catch (OperationCanceledException) when (Stopped.IsCancellationRequested)
        {
            // Ctrl+C and Stop-Job: the pipeline is being stopped, and says so itself.
        }
    }

    private void Stream(ExitTrace trace, ExitEventView view)
    {
        Stopwatch clock = Stopwatch.StartNew();
        TimeSpan limit = double.IsPositiveInfinity(Timeout) ? TimeSpan.MaxValue : TimeSpan.FromSeconds(Timeout);
        int count = 0;
        bool inTime = true;

        while (!trace.IsCompleted)
        {
            if (inTime && clock.Elapsed is var elapsed && !trace.WaitForEvents(Remaining(limit, elapsed), Stopped))
            {
                // What happened until now is still to come out.
                inTime = false;
                WriteErrors(trace.AliveIds.Select(TraceErrors.StillAlive));
                trace.Stop();
            }
            else if (!inTime)
            {
                trace.WaitForEvents(System.Threading.Timeout.InfiniteTimeSpan, Stopped);
            }
            WriteErrors(trace.TakeMissingIds().Select(TraceErrors.NoSuchProcess));
            while (trace.TryRead(out ExitEvent? exit))
            {
                WriteObject(view.Apply(exit));
                if (++count == MaxEvents)
                {
                    WarnOfLoss(trace, final: true);
                    return;
                }
                if (inTime && clock.Elapsed >= limit)
                    break;
            }
            WarnOfLoss(trace, final: false);
        }
        WriteErrors(trace.TakeMissingIds().Select(TraceErrors.NoSuchProcess));
        WarnOfLoss(trace, final: true);
    }

    private static TimeSpan Remaining(TimeSpan limit, TimeSpan elapsed)
    {
        if (limit == TimeSpan.MaxValue)
            return System.Threading.Timeout.InfiniteTimeSpan;
        TimeSpan remaining = limit - elapsed;
        // A semaphore waits for at most so long at a time; what is left is waited for again.
        return remaining < TimeSpan.Zero ? TimeSpan.Zero
            : remaining.TotalMilliseconds > int.MaxValue ? TimeSpan.FromMilliseconds(int.MaxValue) : remaining;
    }

    private void WarnOfLoss(ExitTrace trace, bool final)
    {
        long lost = trace.LostCount;
        if (lost == 0)
            return;
        if (final)
        {
            WriteWarning($"{lost} events were lost in all.");
        }
        else if (lost != warnedOf && (warnedOf == 0 || sinceWarning.Elapsed >= WarningInterval))
        {
            WriteWarning(
                $"{lost - warnedOf} events were lost: the buffer of {BufferSize} MiB or the queue in memory was full. "
                + "A larger -BufferSize, a filter (-Failed, -Name, -User), -Basic or a faster pipeline helps.");
            warnedOf = lost;
            sinceWarning.Restart();
        }
    }
}
