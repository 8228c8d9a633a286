using System.Diagnostics;

namespace ExitSnoop;

/// <summary>Calls a function once after a time: on a thread of its own, or in the constructor if the time is zero.</summary>
/// <remarks>
/// This is not a timer of the runtime, because such a timer needs a thread of the pool when the time has passed. If there is
/// no memory for that thread, the exception ends the process.
/// </remarks>
internal sealed class TimeLimit : IDisposable
{
    private readonly TimeSpan limit;
    private readonly Action reached;
    private readonly Stopwatch elapsed = Stopwatch.StartNew();
    private readonly object gate = new();
    private bool disposed;

    /// <exception cref="OutOfMemoryException">There is no memory for a thread.</exception>
    internal TimeLimit(TimeSpan limit, Action reached)
    {
        this.limit = limit;
        this.reached = reached;
        if (limit <= TimeSpan.Zero)
            reached();
        else
            new Thread(Run, maxStackSize: 256 << 10) { IsBackground = true, Name = "ExitSnoop time limit" }.Start();
    }

    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            Monitor.Pulse(gate);
        }
    }

    private void Run()
    {
        lock (gate)
        {
            TimeSpan left;
            while (!disposed && (left = limit - elapsed.Elapsed) > TimeSpan.Zero)
                Monitor.Wait(gate, (int)Math.Min(Math.Ceiling(left.TotalMilliseconds), int.MaxValue));
            if (disposed)
                return;
        }
        reached();
    }
}
