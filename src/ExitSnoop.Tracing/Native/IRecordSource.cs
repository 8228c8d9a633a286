namespace ExitSnoop.Native;

/// <summary>Where records come from: a ring buffer, or a perf buffer on a kernel before 5.8.</summary>
internal interface IRecordSource : IDisposable
{
    /// <summary>A descriptor that polls readable when there are records; it belongs to the source or its map.</summary>
    int Fd { get; }

    /// <summary>Whether the kernel can wake a blocked reader without a record, too.</summary>
    bool CanBeWoken { get; }

    /// <summary>Hands over what is there, in order, and says how much; some thousands at most. The handler must not throw.</summary>
    int Drain(RecordHandler handler);

    /// <summary>Says that the reader is about to block and has to be woken, or is awake again.</summary>
    void SetAsleep(bool value);
}
