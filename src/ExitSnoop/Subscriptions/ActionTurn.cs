using System.Management.Automation;

namespace ExitSnoop.Commands.Subscriptions;

/// <summary>
/// Finds out when an action has run. PowerShell runs the actions in its queue one after another and does not tell when one has
/// ended. So this adds a hidden subscription, whose own action comes after it in the queue.
/// </summary>
#pragma warning disable CA1001 // The session releases it when it closes, and it is not known when that is.
internal sealed class ActionTurn
#pragma warning restore CA1001
{
    private readonly PSEventManager events;
    private readonly PSEventSubscriber marker;
    private readonly SemaphoreSlim passed = new(0);
    private bool raised;

    /// <remarks>Must be called on the thread of the pipeline, because it creates an action.</remarks>
    internal ActionTurn(PSEventManager events)
    {
        this.events = events;
        marker = events.SubscribeEvent(
            null, null, $"ExitSnoop.{Guid.NewGuid()}", null, ScriptBlock.Create("$null = $args[0].Release()"), supportEvent: true, forwardEvent: false);
        // If the session is being closed, no action runs any more.
        marker.Action.StateChanged += (_, change) =>
        {
            if (change.JobStateInfo.State == JobState.Stopped)
                passed.Release();
        };
    }

    /// <summary>Waits until all actions in the queue have run.</summary>
    internal void Wait(CancellationToken cancellation)
    {
        raised = true;
        events.GenerateEvent(
            marker.SourceIdentifier, null, [passed], null, processInCurrentThread: true, waitForCompletionInCurrentThread: false);
        passed.Wait(cancellation);
        raised = false;
    }

    /// <summary>Ends the hidden subscription. None of its actions may be in the queue.</summary>
    internal void End()
    {
        if (raised)
            passed.Wait();
        events.UnsubscribeEvent(marker);
    }
}
