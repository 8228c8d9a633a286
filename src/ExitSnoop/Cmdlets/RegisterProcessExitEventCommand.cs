using System.Management.Automation;
using ExitSnoop.Commands.Parameters;
using ExitSnoop.Commands.Subscriptions;

namespace ExitSnoop.Commands;

/// <summary>Subscribes to process exits. Each exit becomes a PowerShell event, in the background of the session.</summary>
[Cmdlet(VerbsLifecycle.Register, "ProcessExitEvent", DefaultParameterSetName = FilterSet)]
[OutputType(typeof(PSEventJob))]
public sealed class RegisterProcessExitEventCommand : ExitTraceCommand
{
    /// <summary>The name of the subscription; a GUID by default.</summary>
    [Parameter(Position = 100)]
    [OneText]
    [ValidateNotNullOrEmpty]
    public string SourceIdentifier { get; set; } = Guid.NewGuid().ToString();

    /// <summary>A script block that runs for each exit. Without it, events go into the session's event queue.</summary>
    [Parameter(Position = 101)]
    public ScriptBlock? Action { get; set; }

    /// <summary>Data for the property MessageData of each event.</summary>
    [Parameter]
    public PSObject? MessageData { get; set; }

    /// <summary>Hides the subscription from Get-EventSubscriber and its job from Get-Job.</summary>
    [Parameter]
    public SwitchParameter SupportEvent { get; set; }

    /// <summary>Sends the events of a remote session to the local session.</summary>
    [Parameter]
    public SwitchParameter Forward { get; set; }

    /// <summary>Ends the subscription after this many events; 0 for no limit.</summary>
    [Parameter]
    [Alias("n")]
    [ValidateRange(0, int.MaxValue)]
    public int MaxTriggerCount { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        // Error IDs and categories are the same as those of Register-ObjectEvent.
        if (Action is not null && Forward)
            ThrowTerminatingError(new ErrorRecord(
                new ArgumentException("-Action and -Forward cannot be used together: a forwarded event runs no action here."),
                "ACTION_AND_FORWARD_NOT_SUPPORTED", ErrorCategory.InvalidOperation, null));
        if (Events.GetEventSubscribers(SourceIdentifier).Any())
            ThrowTerminatingError(new ErrorRecord(
                new ArgumentException($"There is a subscription '{SourceIdentifier}' already. Give another -SourceIdentifier, or end that one with Unregister-Event."),
                "SUBSCRIBER_EXISTS", ErrorCategory.InvalidArgument, SourceIdentifier));
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (NothingToWatch)
            return;
        try
        {
            ExitTrace trace = Start(MaxTriggerCount > 0 ? MaxTriggerCount : null, timeLimit: null);
            PSEventSubscriber subscriber;
            try
            {
                WriteErrors(trace.TakeMissingIds().Select(TraceErrors.NoSuchProcess));
                subscriber = Subscribe(trace);
            }
            catch
            {
                // With -ErrorAction Stop, a missing ID ends the registration. The trace must not continue.
                trace.Dispose();
                throw;
            }
            if (Action is not null && !SupportEvent)
                WriteObject(subscriber.Action);
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

    private PSEventSubscriber Subscribe(ExitTrace trace)
    {
        ProcessExitWatcher watcher = new(trace, Events, MessageData);
        try
        {
            PSEventSubscriber subscriber = Events.SubscribeEvent(
                watcher, nameof(ProcessExitWatcher.Exited), SourceIdentifier, MessageData, Action, SupportEvent, Forward, MaxTriggerCount);
            watcher.Start(subscriber);
            return subscriber;
        }
        catch (ArgumentException invalid)
        {
            // PowerShell reserves this identifier.
            ThrowTerminatingError(new ErrorRecord(invalid, "INVALID_REGISTRATION", ErrorCategory.InvalidArgument, SourceIdentifier));
            throw;
        }
    }
}
