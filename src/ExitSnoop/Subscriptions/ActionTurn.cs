using System.Management.Automation;

namespace ExitSnoop.Commands.Subscriptions;

/// <summary>
/// Reports when an action has run: a hidden subscription, whose own action stands behind it in PowerShell's
/// queue. That queue runs one action after another, and offers no other way to know.
/// </summary>
#pragma warning disable CA1001 // The session releases it when it closes, whenever that is.
internal sealed class ActionTurn
#pragma warning restore CA1001
{
    private readonly PSEventManager events;
    private readonly PSEventSubscriber marker;
    private readonly SemaphoreSlim passed = new(0);
    private bool raised;

    /// <remarks>Called on the pipeline's thread, as it makes an action.</remarks>
    internal ActionTurn(PSEventManager events)
    {
        this.events = events;
        marker = events.SubscribeEvent(
            null, null, $"ExitSnoop.{Guid.NewGuid()}", null, ScriptBlock.Create("$null = $args[0].Release()"), supportEvent: true, forwardEvent: false);
        // The session is being closed: nothing will run any more.
        marker.Action.StateChanged += (_, change) =>
        {
            if (change.JobStateInfo.State == JobState.Stopped)
                passed.Release();
        };
    }

    /// <summary>Waits until all actions that are in the queue have run.</summary>
    internal void Wait(CancellationToken cancellation)
    {
        raised = true;
        events.GenerateEvent(
            marker.SourceIdentifier, null, [passed], null, processInCurrentThread: true, waitForCompletionInCurrentThread: false);
        passed.Wait(cancellation);
        raised = false;
    }

    /// <summary>Ends the hidden subscription, once nothing of it waits in the queue.</summary>
    internal void End()
    {
        if (raised)
            passed.Wait();
        events.UnsubscribeEvent(marker);
    }
}
