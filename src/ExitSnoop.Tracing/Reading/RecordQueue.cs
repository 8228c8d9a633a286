using System.Buffers;
using System.Buffers.Binary;

namespace ExitSnoop.Reading;

/// <summary>
/// Records that were taken from the ring buffers and not yet read, oldest first, in chunks of many records. It has one
/// writer and one reader. The writer never waits: if the limit is reached, a record is refused.
/// </summary>
/// <param name="limit">How many bytes of memory the records may take.</param>
internal sealed class RecordQueue(long limit) : IDisposable
{
    /// <summary>Before each record are its length and the number of nanoseconds to add to its times to get Unix time.</summary>
    private const int HeaderSize = sizeof(int) + sizeof(long);

    private const int ChunkSize = 64 << 10;

    private readonly Queue<Chunk> chunks = new();
    private readonly SemaphoreSlim signal = new(0);
    private Chunk? tail;
    private long bytes;

    /// <summary>How many bytes of memory the waiting records take.</summary>
    internal long Bytes => Interlocked.Read(ref bytes);

    internal bool IsEmpty
    {
        get
        {
            lock (chunks)
                return chunks.Count == 0;
        }
    }

    /// <summary>Adds a record; returns false if the limit is reached.</summary>
    /// <param name="record">Its bytes. They are copied.</param>
    /// <param name="clockOffset">Nanoseconds to add to its times to get Unix time.</param>
    internal bool TryAdd(ReadOnlySpan<byte> record, long clockOffset)
    {
        int size = HeaderSize + record.Length;
        lock (chunks)
        {
            if (tail is null || tail.Free < size)
            {
                int length = Math.Max(ChunkSize, size);
                if (bytes + length > limit)
                    return false;
                tail = new Chunk(ArrayPool<byte>.Shared.Rent(length));
                bytes += tail.Buffer.Length;
                chunks.Enqueue(tail);
            }
            tail.Add(record, clockOffset);
        }
        return true;
    }

    /// <summary>Wakes the reader.</summary>
    internal void Signal()
    {
        // One signal is enough, because the reader takes all records when it is woken.
        if (signal.CurrentCount == 0)
            signal.Release();
    }

    internal bool Wait(TimeSpan timeout, CancellationToken cancellation) => signal.Wait(timeout, cancellation);

    internal Task WaitAsync(CancellationToken cancellation) => signal.WaitAsync(cancellation);

    /// <summary>Takes the oldest chunk, even if it is not full; null if there is none.</summary>
    internal Chunk? Take()
    {
        lock (chunks)
        {
            if (!chunks.TryDequeue(out Chunk? chunk))
                return null;
            if (chunk == tail)
                tail = null;
            return chunk;
        }
    }

    /// <summary>Returns the memory of a chunk that has been read.</summary>
    internal void Return(Chunk chunk)
    {
        Interlocked.Add(ref bytes, -chunk.Buffer.Length);
        ArrayPool<byte>.Shared.Return(chunk.Buffer);
    }

    public void Dispose() => signal.Dispose();

    /// <summary>Several records in one buffer.</summary>
    internal sealed class Chunk(byte[] buffer)
    {
        private int written;
        private int read;

        internal byte[] Buffer => buffer;

        internal int Free => buffer.Length - written;

        internal void Add(ReadOnlySpan<byte> record, long clockOffset)
        {
            Span<byte> place = buffer.AsSpan(written);
            BinaryPrimitives.WriteInt32LittleEndian(place, record.Length);
            BinaryPrimitives.WriteInt64LittleEndian(place[sizeof(int)..], clockOffset);
            record.CopyTo(place[HeaderSize..]);
            written += HeaderSize + record.Length;
        }

        /// <summary>Reads the next record, whose bytes are valid until the chunk is returned; false after the last record.</summary>
        internal bool TryRead(out ReadOnlySpan<byte> record, out long clockOffset)
        {
            if (read == written)
            {
                record = default;
                clockOffset = 0;
                return false;
            }
            ReadOnlySpan<byte> place = buffer.AsSpan(read, written - read);
            int length = BinaryPrimitives.ReadInt32LittleEndian(place);
            clockOffset = BinaryPrimitives.ReadInt64LittleEndian(place[sizeof(int)..]);
            record = place.Slice(HeaderSize, length);
            read += HeaderSize + length;
            return true;
        }
    }
}
