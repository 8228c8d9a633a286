using System.Management.Automation;
using ExitSnoop.Commands.Parameters;
using ExitSnoop.Commands.Subscriptions;

namespace ExitSnoop.Commands;

/// <summary>Subscribes to process exits: each becomes a PowerShell event, in the background of the session.</summary>
[Cmdlet(VerbsLifecycle.Register, "ProcessExitEvent", DefaultParameterSetName = FilterSet)]
[OutputType(typeof(PSEventJob))]
public sealed class RegisterProcessExitEventCommand : ExitTraceCommand
{
    /// <summary>The subscription's name; by default a GUID.</summary>
    [Parameter(Position = 100)]
    [OneText]
    [ValidateNotNullOrEmpty]
    public string SourceIdentifier { get; set; } = Guid.NewGuid().ToString();

    /// <summary>Runs for each exit, instead of the event's going into the queue.</summary>
    [Parameter(Position = 101)]
    public ScriptBlock? Action { get; set; }

    /// <summary>What each event carries for its receiver.</summary>
    [Parameter]
    public PSObject? MessageData { get; set; }

    /// <summary>Hides the subscription from Get-EventSubscriber and its job from Get-Job.</summary>
    [Parameter]
    public SwitchParameter SupportEvent { get; set; }

    /// <summary>In a remote session: sends the events to the local one.</summary>
    [Parameter]
    public SwitchParameter Forward { get; set; }

    /// <summary>Ends the subscription after this number of events; 0 for no limit.</summary>
    [Parameter]
    [Alias("n")]
    [ValidateRange(0, int.MaxValue)]
    public int MaxTriggerCount { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        // Identifiers and categories of errors are those of Register-ObjectEvent.
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
                // With -ErrorAction Stop a missing ID ends the registration, and the trace would go on.
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
            // Ctrl+C and Stop-Job: the pipeline is being stopped, and says so itself.
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
            // An identifier that PowerShell keeps for itself.
            ThrowTerminatingError(new ErrorRecord(invalid, "INVALID_REGISTRATION", ErrorCategory.InvalidArgument, SourceIdentifier));
            throw;
        }
    }
}
