using System.Management.Automation;

namespace ExitSnoop.Commands.Subscriptions;

/// <summary>
/// The sender of the events of a subscription. It traces as long as the subscription exists, and ends the subscription
/// when all processes that were given by ID have exited.
/// </summary>
/// <remarks>
/// Events are put directly into PowerShell's queue. The handler that PowerShell makes for a .NET event would pass each
/// event to the thread pool, which does not keep their order.
/// The next event for an action is put into that queue only after the action has run. PowerShell's queue has no limit,
/// and the session hangs if an action ends its subscription while further ones of it wait in the queue. Until then,
/// events wait in the queue of the trace, which is limited and counts losses.
/// </remarks>
#pragma warning disable CA1001 // The subscription can end at any time, even after the thread.
public sealed class ProcessExitWatcher
#pragma warning restore CA1001
{
    /// <summary>How many events without an action may wait until Get-Event or Wait-Event takes them.</summary>
    private const int WaitingMaximum = 10_000;

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    private readonly ExitTrace trace;
    private readonly PSEventManager events;
    private readonly PSObject? messageData;
    private readonly CancellationTokenSource unsubscribed = new();

    internal ProcessExitWatcher(ExitTrace trace, PSEventManager events, PSObject? messageData)
    {
        this.trace = trace;
        this.events = events;
        this.messageData = messageData;
    }

    /// <summary>The event of the subscription. Removing the handler ends the trace.</summary>
    public event EventHandler<ExitEvent>? Exited
    {
        add
        {
        }

        // The action of an event may end the subscription and so call this. It must not wait.
        remove
        {
            unsubscribed.Cancel();
            trace.Stop();
        }
    }

    /// <summary>How many events were lost since the registration; see <see cref="ExitTrace.LostCount"/>.</summary>
    public long LostCount => trace.LostCount;

    /// <summary>The given IDs whose processes have not exited.</summary>
    public IReadOnlyCollection<int> AliveIds => trace.AliveIds;

    /// <summary>Starts to raise events for the subscription.</summary>
    internal void Start(PSEventSubscriber subscriber)
    {
        ActionTurn? turn = subscriber.Action is null ? null : new ActionTurn(events);
        new Thread(() => Run(subscriber, turn)) { IsBackground = true, Name = "ExitSnoop events" }.Start();
    }

    private void Run(PSEventSubscriber subscriber, ActionTurn? turn)
    {
        try
        {
            using (trace)
                Raise(subscriber, turn);
            if (turn is not null)
                turn.End();
            // No action is waiting, so ending the subscription runs no action on this thread.
            events.UnsubscribeEvent(subscriber);
        }
#pragma warning disable CA1031 // An exception of a receiver, or of a session that is being closed, must not end the shell.
        catch (Exception)
        {
            unsubscribed.Cancel();
        }
#pragma warning restore CA1031
    }

    private void Raise(PSEventSubscriber subscriber, ActionTurn? turn)
    {
        try
        {
            while (!unsubscribed.IsCancellationRequested)
            {
                while (!unsubscribed.IsCancellationRequested && trace.TryRead(out ExitEvent? exit))
                {
                    events.GenerateEvent(
                        subscriber.SourceIdentifier, this, [this, exit], messageData,
                        processInCurrentThread: true, waitForCompletionInCurrentThread: false);
                    Report(subscriber);
                    turn?.Wait(unsubscribed.Token);
                    while (turn is null && !trace.IsCompleted && !subscriber.ForwardEvent && WaitingCount >= WaitingMaximum)
                        unsubscribed.Token.WaitHandle.WaitOne(LookInterval);
                }
                Report(subscriber);
                if (trace.IsCompleted)
                    break;
                trace.WaitForEvents(Timeout.InfiniteTimeSpan, unsubscribed.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The subscription was ended.
        }
        catch (ExitTraceException failure)
        {
            Report(subscriber, failure.ToErrorRecord());
        }
    }

    private int WaitingCount
    {
        get
        {
            lock (events.ReceivedEvents.SyncRoot)
                return events.ReceivedEvents.Count;
        }
    }

    // Warnings and errors go to the job of the action. Without an action, they become events in the queue.
    private void Report(PSEventSubscriber subscriber)
    {
        while (trace.TryTakeLoss(out ExitTraceLoss? loss))
        {
            if (subscriber.Action is { } job)
                job.Warning.Add(new WarningRecord(loss.Message));
            else
                Raise(subscriber.SourceIdentifier + ".Lost", LostCount, loss.Message);
        }
        foreach (int id in trace.TakeUnseenIds())
            Report(subscriber, TraceErrors.NotSeen(id));
    }

    private void Report(PSEventSubscriber subscriber, ErrorRecord error)
    {
        if (subscriber.Action is { } job)
            job.Error.Add(error);
        else
            Raise(subscriber.SourceIdentifier + ".Error", error, error.Exception.Message);
    }

    private void Raise(string sourceIdentifier, object argument, string message) => events.GenerateEvent(
        sourceIdentifier, this, [this, argument], new PSObject(message),
        processInCurrentThread: true, waitForCompletionInCurrentThread: false);
}
