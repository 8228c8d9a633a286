using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ExitSnoop.Native;

/// <summary>Takes one record; the bytes are the kernel's and gone when it returns.</summary>
internal delegate void RecordHandler(ReadOnlySpan<byte> record);

/// <summary>
/// The reader of a BPF ring buffer (kernel/bpf/ringbuf.c), which the kernel maps as a page with the
/// reader's position, a page with the writer's, and the data, mapped twice so that no record is split.
/// </summary>
/// <remarks>
/// Not libbpf's: its reader maps all of the data, and twice, which counts as 32 MiB of resident memory
/// for a ring of 16 MiB that is empty. This one maps a window of the data where it reads.
/// </remarks>
internal sealed unsafe class RingBuffer : IRecordSource
{
    // include/uapi/linux/bpf.h: each record begins with its length, whose top bits are these, and four bytes more.
    private const uint Busy = 1u << 31, Discarded = 1u << 30;
    private const int HeaderSize = 8;
    private const int WindowSize = 256 << 10, LongestRecord = 64 << 10, WindowLength = WindowSize + LongestRecord;

    /// <summary>Records taken before the caller gets a turn, so that a storm does not keep it here.</summary>
    private const int DrainMaximum = 4096;

    private readonly int fd;
    private readonly ulong mask;
    private readonly int pageSize = Environment.SystemPageSize;
    private readonly ulong* consumer;
    private readonly ulong* producer;
    private readonly int* asleep;
    private byte* window;
    private ulong windowStart;
    private ulong position;

    /// <param name="fd">The map; it stays the caller's.</param>
    /// <param name="flagFd">The array map that begins with the flag by which the reader says that it blocks.</param>
    /// <param name="size">The ring's size in bytes, a power of two.</param>
    /// <exception cref="Win32Exception">Mapping failed.</exception>
    internal RingBuffer(int fd, int flagFd, int size)
    {
        this.fd = fd;
        mask = (ulong)size - 1;
        consumer = (ulong*)Map(fd, pageSize, LibC.ProtRead | LibC.ProtWrite, 0);
        producer = (ulong*)Map(fd, pageSize, LibC.ProtRead, pageSize);
        asleep = (int*)Map(flagFd, pageSize, LibC.ProtRead | LibC.ProtWrite, 0);
        position = Volatile.Read(ref *consumer);
        MoveWindow();
    }

    public int Fd => fd;

    public bool CanBeWoken => true;

    /// <inheritdoc/>
    public int Drain(RecordHandler handler)
    {
        int records = 0;
        while (records < DrainMaximum && position != Volatile.Read(ref *producer))
        {
            if (position - windowStart >= WindowSize)
                MoveWindow();
            byte* header = window + (position - windowStart);
            uint length = Volatile.Read(ref *(uint*)header);
            // Reserved but not yet written; those behind it have to wait their turn.
            if ((length & Busy) != 0)
                break;
            uint size = length & ~Discarded;
            if ((length & Discarded) == 0)
            {
                handler(new ReadOnlySpan<byte>(header + HeaderSize, (int)size));
                records++;
            }
            position += (size + HeaderSize + 7) & ~7UL;
            Volatile.Write(ref *consumer, position);
        }
        return records;
    }

    /// <inheritdoc/>
    public void SetAsleep(bool value)
    {
        // A full barrier: the last look that follows must not be taken before the flag is seen.
        Interlocked.Exchange(ref Unsafe.AsRef<int>(asleep), value ? 1 : 0);
    }

    public void Dispose()
    {
        _ = LibC.munmap((nint)window, WindowLength);
        _ = LibC.munmap((nint)consumer, (nuint)pageSize);
        _ = LibC.munmap((nint)producer, (nuint)pageSize);
        _ = LibC.munmap((nint)asleep, (nuint)pageSize);
    }

    private void MoveWindow()
    {
        if (window is not null)
            _ = LibC.munmap((nint)window, WindowLength);
        ulong offset = position & mask & ~((ulong)pageSize - 1);
        window = (byte*)Map(fd, WindowLength, LibC.ProtRead, (2 * pageSize) + (nint)offset);
        windowStart = position - ((position & mask) - offset);
    }

    private static nint Map(int fd, int length, int protection, nint offset)
    {
        nint address = LibC.mmap(0, (nuint)length, protection, LibC.MapShared, fd, offset);
        return address != LibC.MapFailed ? address : throw new Win32Exception(Marshal.GetLastPInvokeError());
    }
}
