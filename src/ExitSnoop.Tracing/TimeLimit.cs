using System.Diagnostics;

namespace ExitSnoop;

/// <summary>Calls back once when a time has passed: on a thread of the pool, or at once for a time of zero.</summary>
internal sealed class TimeLimit : IDisposable
{
    /// <summary>A timer is set for less than 50 days, whose milliseconds are a uint; a longer limit takes several turns.</summary>
    private const long LongestTurn = 49L * 24 * 60 * 60 * 1000;

    private readonly TimeSpan limit;
    private readonly Action reached;
    private readonly Stopwatch elapsed = Stopwatch.StartNew();
    private readonly Timer timer;
    private readonly Lock gate = new();
    private bool disposed;

    internal TimeLimit(TimeSpan limit, Action reached)
    {
        this.limit = limit;
        this.reached = reached;
        timer = new Timer(_ => Look(), null, Timeout.Infinite, Timeout.Infinite);
        Look();
    }

    public void Dispose()
    {
        lock (gate)
            disposed = true;
        timer.Dispose();
    }

    private void Look()
    {
        TimeSpan left = limit - elapsed.Elapsed;
        if (left <= TimeSpan.Zero)
        {
            reached();
            return;
        }
        // A timer that has been disposed of cannot be set: an exception here would end the process.
        lock (gate)
            if (!disposed)
                timer.Change(Math.Min((long)Math.Ceiling(left.TotalMilliseconds), LongestTurn), Timeout.Infinite);
    }
}
