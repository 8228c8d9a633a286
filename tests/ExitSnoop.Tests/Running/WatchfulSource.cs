namespace ExitSnoop.Tests;

/// <summary>A source that runs an action once, at a certain step of the reader before it blocks.</summary>
internal sealed class WatchfulSource(IRecordSource inner, Moment moment) : IRecordSource
{
    private Action? action;
    private volatile bool asleep;

    internal bool IsDone { get; private set; }

    internal bool IsAsleep => asleep;

    public IReadOnlyList<int> Fds => inner.Fds;

    public bool HasHeld => inner.HasHeld;

    public double TakeFill() => inner.TakeFill();

    public void Flush(RecordHandler handler) => inner.Flush(handler);

    /// <summary>Sets the action for the next time that the reader is about to block.</summary>
    internal void Arm(Action what) => Volatile.Write(ref action, what);

    public int Drain(RecordHandler handler)
    {
        int records = inner.Drain(handler);
        if (asleep)
            Do(Moment.AfterTheLastLook);
        return records;
    }

    public void SetAsleep(bool value)
    {
        if (value)
            Do(Moment.BeforeItSaysThatItSleeps);
        inner.SetAsleep(value);
        asleep = value;
        if (value)
            Do(Moment.BeforeTheLastLook);
    }

    public void Dispose() => inner.Dispose();

    private void Do(Moment now)
    {
        if (now != moment || Interlocked.Exchange(ref action, null) is not { } what)
            return;
        what();
        IsDone = true;
    }
}

/// <summary>A moment between two steps of the reader.</summary>
public enum Moment
{
    BeforeItSaysThatItSleeps,
    BeforeTheLastLook,
    AfterTheLastLook,
}
