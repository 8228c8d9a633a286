namespace ExitSnoop.Bpf;

/// <summary>Receives one record. The bytes are valid only until it returns.</summary>
internal delegate void RecordHandler(ReadOnlySpan<byte> record);

/// <summary>Where records come from. Tests replace it, to control what the reader sees of the ring buffers.</summary>
internal interface IRecordSource : IDisposable
{
    /// <summary>Descriptors to poll. One of them becomes readable when there are records. They belong to the source.</summary>
    IReadOnlyList<int> Fds { get; }

    /// <summary>Whether <see cref="Drain"/> keeps records back until no older record can come any more.</summary>
    bool HasHeld { get; }

    /// <summary>The largest part of a ring buffer that was in use since the last call, 0 to 1. From any thread.</summary>
    double TakeFill();

    /// <summary>
    /// Passes the available records to the handler in the order of the exits. The handler must not throw.
    /// </summary>
    /// <returns>The number of records that were read from the rings plus the number that was passed on; 0 if nothing happened.</returns>
    int Drain(RecordHandler handler);

    /// <summary>Passes on the records that are kept back. It is called last, because records that come later could be older.</summary>
    void Flush(RecordHandler handler);

    /// <summary>Tells the programs whether the reader is about to block, so that they must wake it, or is awake.</summary>
    void SetAsleep(bool value);
}
