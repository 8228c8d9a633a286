using System.ComponentModel;
using System.Runtime.InteropServices;
using ExitSnoop.Linux;

namespace ExitSnoop.Bpf;

/// <summary>
/// Reads several ring buffers, each of which is written by one or a few processors, and passes on their records in
/// the order of the exit times.
/// </summary>
/// <remarks>
/// A program reads the clock before it writes the record, so a later record can already be in a ring while an earlier
/// one is still being built. The programs count, for each ring, how many of them are building a record (begin_record()
/// in bpf/ring.h). If a counter is 0 after the clock was read, the ring has every record up to that time. If all
/// counters are 0, the records up to that time are sorted and passed on, and younger ones are kept for the next call.
/// A program takes microseconds, but it can be preempted (from Linux 7.0 on), and so can a virtual processor: this
/// class waits for a record at most for <see cref="Patience"/>.
/// </remarks>
internal sealed unsafe class RingBuffers : IRecordSource
{
    /// <summary>How long, in nanoseconds, records wait for a record that may be older and is still being written.</summary>
    internal const ulong Patience = 10_000_000;

    /// <summary>
    /// A margin in nanoseconds. On a CPU that reorders a load before a store, a program can read the clock before its increment of
    /// the counter is visible. Besides, bpf_ktime_get_boot_ns() can differ slightly from the clock that is read here.
    /// </summary>
    private const ulong ClockTolerance = 2_000;

    /// <summary>How many bytes <see cref="Drain"/> reads from all rings together before it returns, even if there are more.</summary>
    private const int TurnMaximum = 1 << 20;

    /// <summary>How many bytes stay allocated for records while there are none.</summary>
    private const int SpaceKept = 256 << 10;

    private const int SpinsMaximum = 64, SpinLength = 20;

    private readonly RingBuffer[] rings;
    private readonly int size;
    private readonly SharedMemory shared;
    private readonly long namespaceOffset = TimeNamespace.BootOffset;
    private readonly List<Held> held = [];
    private byte[] space = new byte[SpaceKept];
    private byte[] spare = [];
    private int used;
    private long fullest;

    /// <param name="maps">The maps of the ring buffers. The caller closes them.</param>
    /// <param name="size">The size of each in bytes, a power of two.</param>
    /// <param name="shared">The memory that is shared with the programs. The caller disposes it.</param>
    /// <exception cref="Win32Exception">Mapping failed.</exception>
    internal RingBuffers(IReadOnlyList<int> maps, int size, SharedMemory shared)
    {
        Fds = maps;
        this.size = size;
        this.shared = shared;
        rings = new RingBuffer[maps.Count];
        try
        {
            for (int i = 0; i < rings.Length; i++)
                rings[i] = new RingBuffer(maps[i], size);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public IReadOnlyList<int> Fds { get; }

    public bool HasHeld => held.Count > 0;

    /// <inheritdoc/>
    public double TakeFill() => (double)Interlocked.Exchange(ref fullest, 0) / size;

    /// <inheritdoc/>
    public int Drain(RecordHandler handler)
    {
        ulong complete = AwaitWriters();
        int taken = Take(ref complete);
        return taken + HandOut(handler, complete);
    }

    /// <inheritdoc/>
    public void Flush(RecordHandler handler) => HandOut(handler, ulong.MaxValue);

    /// <inheritdoc/>
    public void SetAsleep(bool value)
    {
        // A full barrier: the reader checks the rings once more after this, and that check must not be reordered before the store.
        Interlocked.Exchange(ref shared.ReaderAsleep, value ? 1 : 0);
    }

    public void Dispose()
    {
        foreach (RingBuffer? ring in rings)
            ring?.Dispose();
    }

    /// <summary>The time up to which all records are in the rings, in nanoseconds of the boot clock.</summary>
    private ulong AwaitWriters()
    {
        _ = LibC.clock_gettime(LibC.ClockBoottime, out LibC.Timespec boot);
        ulong now = (ulong)(boot.TotalNanoseconds - namespaceOffset);
        Interlocked.MemoryBarrier();
        for (int i = 0; i < rings.Length; i++)
        {
            ref long writers = ref shared.Writers(i);
            for (int spins = 0; Volatile.Read(ref writers) != 0; spins++)
            {
                if (spins == SpinsMaximum)
                    return now - Patience;
                Thread.SpinWait(SpinLength);
            }
        }
        return now - ClockTolerance;
    }

    /// <summary>Copies the records from the rings; returns how many there were.</summary>
    /// <param name="complete">The time up to which all records are there. It is lowered if records are left in a ring.</param>
    private int Take(ref ulong complete)
    {
        int records = 0, turn = TurnMaximum / rings.Length;
        foreach (RingBuffer ring in rings)
        {
            ulong end = ring.End;
            if ((long)(end - ring.Position) > Volatile.Read(ref fullest))
                Volatile.Write(ref fullest, (long)(end - ring.Position));
            for (int bytes = 0; ring.TryPeek(end, out ReadOnlySpan<byte> record); records++)
            {
                ulong time = MemoryMarshal.Read<ulong>(record);
                Hold(record, time);
                ring.Advance(record.Length);
                bytes += record.Length;
                if (bytes >= turn)
                {
                    // Several processors write to the ring, so the next records in it can be older than this one.
                    complete = Math.Min(complete, time - Patience);
                    break;
                }
            }
            ring.Release();
        }
        return records;
    }

    private void Hold(ReadOnlySpan<byte> record, ulong time)
    {
        if (space.Length - used < record.Length)
            Array.Resize(ref space, Math.Max(2 * space.Length, used + record.Length));
        record.CopyTo(space.AsSpan(used));
        held.Add(new Held(time, used, record.Length));
        used += record.Length;
    }

    /// <summary>Passes on the records up to a time and keeps the rest; returns how many were passed on.</summary>
    private int HandOut(RecordHandler handler, ulong complete)
    {
        if (held.Count == 0)
            return 0;
        held.Sort();
        int count = 0;
        while (count < held.Count && held[count].Time <= complete)
        {
            Held record = held[count++];
            handler(space.AsSpan(record.Offset, record.Length));
        }
        if (count > 0)
            Keep(count);
        return count;
    }

    /// <summary>Drops the records before <paramref name="first"/> and moves the others to the beginning.</summary>
    private void Keep(int first)
    {
        used = 0;
        if (first == held.Count)
        {
            held.Clear();
            if (space.Length > SpaceKept)
                space = new byte[SpaceKept];
            return;
        }
        held.RemoveRange(0, first);
        if (spare.Length < space.Length)
            spare = new byte[space.Length];
        for (int i = 0; i < held.Count; i++)
        {
            Held record = held[i];
            space.AsSpan(record.Offset, record.Length).CopyTo(spare.AsSpan(used));
            held[i] = record with { Offset = used };
            used += record.Length;
        }
        (space, spare) = (spare, space);
    }

    /// <summary>A record in <see cref="space"/>. Of two records with the same time, the one that was read first comes first.</summary>
    private readonly record struct Held(ulong Time, int Offset, int Length) : IComparable<Held>
    {
        public int CompareTo(Held other) => Time != other.Time ? Time.CompareTo(other.Time) : Offset.CompareTo(other.Offset);
    }
}
