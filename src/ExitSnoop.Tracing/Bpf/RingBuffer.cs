using System.ComponentModel;
using ExitSnoop.Linux;

namespace ExitSnoop.Bpf;

/// <summary>
/// Reads one BPF ring buffer (kernel/bpf/ringbuf.c). It can be mapped as a page with the consumer's position, a page
/// with the producer's position, and the data. The data can be mapped twice in a row, so that no record is split.
/// </summary>
/// <remarks>
/// libbpf's reader is not used, because it maps all data twice, which counts as 32 MiB of resident memory for an
/// empty ring of 16 MiB. This class maps only a window of the data, where it reads.
/// </remarks>
internal sealed unsafe class RingBuffer : IDisposable
{
    // include/uapi/linux/bpf.h: a record has a header of 8 bytes. The first four are its length, with these flags in the top bits.
    private const uint Busy = 1u << 31, Discarded = 1u << 30;
    private const int HeaderSize = 8;
    private const int WindowSize = 256 << 10, LongestRecord = 64 << 10, WindowLength = WindowSize + LongestRecord;

    /// <summary>How many bytes to read before publishing the position: the writers read it, too, so writing it costs them a cache miss.</summary>
    private const int ReleaseInterval = 64 << 10;

    private readonly ulong mask;
    private readonly int pageSize = Environment.SystemPageSize;
    private readonly ulong* consumer;
    private readonly ulong* producer;
    private byte* window;
    private ulong windowStart;
    private ulong position;
    private ulong released;

    /// <param name="fd">The map. The caller closes it.</param>
    /// <param name="size">The size of its data in bytes, a power of two.</param>
    /// <exception cref="Win32Exception">Mapping failed.</exception>
    internal RingBuffer(int fd, int size)
    {
        Fd = fd;
        mask = (ulong)size - 1;
        try
        {
            consumer = (ulong*)LibC.Map(Fd, pageSize, LibC.ProtRead | LibC.ProtWrite, 0);
            producer = (ulong*)LibC.Map(Fd, pageSize, LibC.ProtRead, pageSize);
            MoveWindow();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The map. poll(2) reports it as readable while it contains records.</summary>
    internal int Fd { get; }

    /// <summary>The position of the writers, in bytes since the beginning; it only grows.</summary>
    internal ulong End => Volatile.Read(ref *producer);

    /// <summary>The position of the reader, likewise.</summary>
    internal ulong Position => position;

    /// <summary>Finds the next record, whose bytes are valid until the next call; false if none is complete before <paramref name="end"/>.</summary>
    internal bool TryPeek(ulong end, out ReadOnlySpan<byte> record)
    {
        while (position < end)
        {
            if (position - windowStart >= WindowSize)
                MoveWindow();
            byte* header = window + (position - windowStart);
            uint length = Volatile.Read(ref *(uint*)header);
            // Reserved but not yet written. The records after it have to wait.
            if ((length & Busy) != 0)
                break;
            if ((length & Discarded) == 0)
            {
                record = new ReadOnlySpan<byte>(header + HeaderSize, (int)length);
                return true;
            }
            Advance((int)(length & ~Discarded));
        }
        record = default;
        return false;
    }

    /// <summary>Continues after the record that <see cref="TryPeek"/> found.</summary>
    /// <param name="length">The length of that record in bytes.</param>
    internal void Advance(int length)
    {
        position += ((ulong)length + HeaderSize + 7) & ~7UL;
        if (position - released >= ReleaseInterval)
            Release();
    }

    /// <summary>Publishes the position of the reader, so that the programs can reuse the memory before it.</summary>
    internal void Release()
    {
        released = position;
        Volatile.Write(ref *consumer, position);
    }

    public void Dispose()
    {
        LibC.Unmap(window, WindowLength);
        LibC.Unmap(consumer, pageSize);
        LibC.Unmap(producer, pageSize);
    }

    private void MoveWindow()
    {
        LibC.Unmap(window, WindowLength);
        window = null;
        ulong offset = position & mask & ~((ulong)pageSize - 1);
        window = (byte*)LibC.Map(Fd, WindowLength, LibC.ProtRead, (2 * pageSize) + (nint)offset);
        windowStart = position - ((position & mask) - offset);
    }
}
