using System.Management.Automation;

namespace ExitSnoop.Commands.Subscriptions;

/// <summary>
/// The source of a subscription's events, their sender. It traces for as long as it is subscribed to, and
/// ends the subscription itself when all processes asked for by ID have exited.
/// </summary>
/// <remarks>
/// Events go straight into PowerShell's queue. The handler that PowerShell makes for a .NET event would hand
/// each to the thread pool, which mixes up their order.
/// An action is given its next event when it has run, not before: PowerShell's own queue has no bound, and
/// an action that ends its subscription while others of it wait there hangs the session. They wait in
/// the trace's queue instead, which is bounded and counts.
/// </remarks>
#pragma warning disable CA1001 // The end of the subscription can come at any time, also after that of the thread.
public sealed class ProcessExitWatcher
#pragma warning restore CA1001
{
    /// <summary>How many events without an action may wait to be taken by Get-Event or Wait-Event.</summary>
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

    /// <summary>The event that is subscribed to. Its end is the end of the trace.</summary>
    public event EventHandler<ExitEvent>? Exited
    {
        add
        {
        }

        // An event's action, too, may call this to end the subscription, so it must not wait.
        remove
        {
            unsubscribed.Cancel();
            trace.Stop();
        }
    }

    /// <summary>Events lost since the registration; together with those received they are all exits.</summary>
    public long LostCount => trace.LostCount;

    /// <summary>The IDs of the filter whose processes have not exited.</summary>
    public IReadOnlyCollection<int> AliveIds => trace.AliveIds;

    /// <summary>Begins to raise events for the subscription.</summary>
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
            // With no action waiting, to end the subscription runs none on this thread.
            events.UnsubscribeEvent(subscriber);
        }
#pragma warning disable CA1031 // What a receiver throws, or a session that is being closed, must not end the whole shell.
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
            // Unsubscribed.
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

    // An action's job takes warnings and errors. A receiver without one gets an event, where it gets all others.
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
