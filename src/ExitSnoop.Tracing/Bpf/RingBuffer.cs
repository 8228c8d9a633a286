using System.ComponentModel;
using ExitSnoop.Linux;

namespace ExitSnoop.Bpf;

/// <summary>
/// The reader of one BPF ring buffer (kernel/bpf/ringbuf.c), which the kernel maps as a page with the
/// reader's position, a page with the writer's, and the data, mapped twice so that no record is split.
/// </summary>
/// <remarks>
/// Not libbpf's: its reader maps all of the data, and twice, which counts as 32 MiB of resident memory
/// for a ring of 16 MiB that is empty. This one maps a window of the data where it reads.
/// </remarks>
internal sealed unsafe class RingBuffer : IDisposable
{
    // include/uapi/linux/bpf.h: each record begins with its length, whose top bits are these, and four bytes more.
    private const uint Busy = 1u << 31, Discarded = 1u << 30;
    private const int HeaderSize = 8;
    private const int WindowSize = 256 << 10, LongestRecord = 64 << 10, WindowLength = WindowSize + LongestRecord;

    /// <summary>Bytes read before the consumer position is published: doing so for each record would take the cache line from the writers.</summary>
    private const int ReleaseInterval = 64 << 10;

    private readonly ulong mask;
    private readonly int pageSize = Environment.SystemPageSize;
    private readonly ulong* consumer;
    private readonly ulong* producer;
    private byte* window;
    private ulong windowStart;
    private ulong position;
    private ulong released;

    /// <param name="fd">The map; it stays the caller's.</param>
    /// <param name="size">The bytes of its data, a power of two.</param>
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

    /// <summary>The map; it polls readable while there is something in it.</summary>
    internal int Fd { get; }

    /// <summary>How far has been written, as a position that only grows.</summary>
    internal ulong End => Volatile.Read(ref *producer);

    /// <summary>How far has been read.</summary>
    internal ulong Position => position;

    /// <summary>The bytes of the next record, valid until the next call; false where none is complete before <paramref name="end"/>.</summary>
    internal bool TryPeek(ulong end, out ReadOnlySpan<byte> record)
    {
        while (position < end)
        {
            if (position - windowStart >= WindowSize)
                MoveWindow();
            byte* header = window + (position - windowStart);
            uint length = Volatile.Read(ref *(uint*)header);
            // Reserved but not yet written; the records behind it have to wait.
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

    /// <summary>Goes on behind the record of this many bytes that <see cref="TryPeek"/> found.</summary>
    internal void Advance(int length)
    {
        position += ((ulong)length + HeaderSize + 7) & ~7UL;
        if (position - released >= ReleaseInterval)
            Release();
    }

    /// <summary>Publishes the position of the reader, so that writers can use what has been read.</summary>
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
