using System.Diagnostics;

namespace ExitSnoop.Tests;

/// <summary>A trace whose events are kept. Other processes of the machine exit, too, so a test searches for its own.</summary>
internal sealed class Recording : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly List<ExitEvent> events = [];
    private readonly Thread reader;
    private bool ended;

    private Recording(ExitTrace trace)
    {
        Trace = trace;
        reader = new Thread(Read) { IsBackground = true, Name = "recording" };
        reader.Start();
    }

    internal ExitTrace Trace { get; }

    /// <summary>All events until now.</summary>
    internal IReadOnlyList<ExitEvent> Events
    {
        get
        {
            lock (events)
                return [.. events];
        }
    }

    internal static Recording Start(ExitTraceOptions options)
    {
        LoadableBpf.Require();
        return new Recording(ExitTrace.Start(options));
    }

    /// <summary>Traces the children of one process: the test's own, if no other is named.</summary>
    internal static Recording OfChildren(int? parent = null, ExitTraceOptions? options = null) =>
        Start((options ?? new ExitTraceOptions()) with { ParentIds = [parent ?? Environment.ProcessId] });

    /// <summary>The event of a child that has been waited for.</summary>
    internal ExitEvent Of(Child child) =>
        WaitFor(exit => exit.Id == child.Id && exit.StartTimestamp >= child.StartedAfter && exit.StartTimestamp <= child.EndedBefore);

    /// <summary>The first event of a kind, waited for.</summary>
    internal ExitEvent WaitFor(Predicate<ExitEvent> wanted)
    {
        Stopwatch waiting = Stopwatch.StartNew();
        lock (events)
        {
            for (int next = 0; ; next++)
            {
                while (next == events.Count)
                {
                    if (waiting.Elapsed > Patience || ended)
                        throw new TimeoutException($"There was no such event among {events.Count}.");
                    Monitor.Wait(events, 100);
                }
                if (wanted(events[next]))
                    return events[next];
            }
        }
    }

    /// <summary>Waits for the trace to end by itself.</summary>
    internal bool Ends(TimeSpan within) => reader.Join(within);

    /// <summary>Ends the trace. All events are in <see cref="Events"/> then.</summary>
    internal IReadOnlyList<ExitEvent> Stop()
    {
        Trace.Stop();
        reader.Join();
        return Events;
    }

    public void Dispose()
    {
        Stop();
        Trace.Dispose();
    }

    private void Read()
    {
        foreach (ExitEvent exit in Trace.ReadEvents())
            lock (events)
            {
                events.Add(exit);
                Monitor.PulseAll(events);
            }
        lock (events)
            ended = true;
    }
}
