namespace ExitSnoop.Tests;

/// <summary>One trace of the test's children for all tests of a class, because the kernel verifies the programs at each start.</summary>
public class WatchedChildren : IDisposable
{
    // null if exits cannot be traced on this machine, because a fixture cannot skip a test.
    private readonly Recording? recording;

    /// <summary>A trace with all details.</summary>
    public WatchedChildren()
        : this(new ExitTraceOptions())
    {
    }

    internal WatchedChildren(ExitTraceOptions options) => recording = LoadableBpf.WhyNot is null ? Recording.OfChildren(options: options) : null;

    /// <summary>The event of a child that has been waited for.</summary>
    internal ExitEvent Of(Child child) => Trace().Of(child);

    /// <summary>The first event of a kind, waited for.</summary>
    internal ExitEvent WaitFor(Predicate<ExitEvent> wanted) => Trace().WaitFor(wanted);

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing) => recording?.Dispose();

    private Recording Trace()
    {
        LoadableBpf.Require();
        return recording!;
    }
}
