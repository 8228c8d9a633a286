namespace ExitSnoop.Bpf;

/// <summary>Takes one record; the bytes are the kernel's and gone when it returns.</summary>
internal delegate void RecordHandler(ReadOnlySpan<byte> record);

/// <summary>Where records come from. Tests stand between the reader and its ring buffers.</summary>
internal interface IRecordSource : IDisposable
{
    /// <summary>Descriptors of which one polls readable when there are records; they are the source's own.</summary>
    IReadOnlyList<int> Fds { get; }

    /// <summary>Whether <see cref="Drain"/> holds records back until no older ones can come.</summary>
    bool HasHeld { get; }

    /// <summary>The largest part of a ring buffer that was in use since the last call, 0 to 1. From any thread.</summary>
    double TakeFill();

    /// <summary>
    /// Hands out what is there, in the order of the exits, and says how much was found or handed out. The
    /// handler must not throw.
    /// </summary>
    int Drain(RecordHandler handler);

    /// <summary>Hands out what is held back. It is called last, as records that come later could be older.</summary>
    void Flush(RecordHandler handler);

    /// <summary>Says that the reader is about to block and has to be woken, or is awake again.</summary>
    void SetAsleep(bool value);
}
