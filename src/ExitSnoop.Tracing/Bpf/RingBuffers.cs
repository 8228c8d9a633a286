using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ExitSnoop.Linux;

namespace ExitSnoop.Bpf;

/// <summary>
/// The reader of several ring buffers, each written by processors of its own: it merges their records
/// by the time that each begins with.
/// </summary>
/// <remarks>
/// No death is handed over before one that it can have followed from, as a parent's that waited for its
/// child. That one was written before, in whatever ring; so what is found there at a second look at all
/// rings, after the first has said how far to go, comes into its place.
/// </remarks>
internal sealed unsafe class RingBuffers : IRecordSource
{
    /// <summary>Records taken before the caller gets a turn, so that a storm does not keep it here.</summary>
    private const int DrainMaximum = 4096;

    private readonly RingBuffer[] rings;
    private readonly ulong[] goals, ends;
    private readonly int* asleep;

    /// <param name="maps">The ring buffers' maps; they stay the caller's.</param>
    /// <param name="size">The bytes of each, a power of two.</param>
    /// <param name="flagMap">The array map that begins with the flag by which the reader says that it blocks.</param>
    /// <exception cref="Win32Exception">Mapping failed.</exception>
    internal RingBuffers(IReadOnlyList<int> maps, int size, int flagMap)
    {
        Fds = maps;
        rings = new RingBuffer[maps.Count];
        goals = new ulong[maps.Count];
        ends = new ulong[maps.Count];
        try
        {
            asleep = (int*)LibC.Map(flagMap, Environment.SystemPageSize, LibC.ProtRead | LibC.ProtWrite, 0);
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

    public bool CanBeWoken => true;

    /// <inheritdoc/>
    public int Drain(RecordHandler handler)
    {
        for (int i = 0; i < rings.Length; i++)
            goals[i] = rings[i].End;
        for (int i = 0; i < rings.Length; i++)
            ends[i] = rings[i].End;

        int records = 0;
        while (records < DrainMaximum && TryPeekOldest(out RingBuffer? ring, out ReadOnlySpan<byte> record))
        {
            handler(record);
            ring!.Advance(record.Length);
            records++;
        }
        foreach (RingBuffer ring in rings)
            ring.Release();
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
        foreach (RingBuffer? ring in rings)
            ring?.Dispose();
        LibC.Unmap(asleep, Environment.SystemPageSize);
    }

    /// <summary>The oldest record, as long as any ring has one before its goal.</summary>
    private bool TryPeekOldest(out RingBuffer? oldest, out ReadOnlySpan<byte> record)
    {
        ulong least = 0;
        bool wanted = false;
        oldest = null;
        record = default;
        for (int i = 0; i < rings.Length; i++)
        {
            if (!rings[i].TryPeek(ends[i], out ReadOnlySpan<byte> next))
                continue;
            wanted |= rings[i].Position < goals[i];
            ulong time = MemoryMarshal.Read<ulong>(next);
            if (oldest is null || time < least)
            {
                least = time;
                oldest = rings[i];
                record = next;
            }
        }
        return wanted;
    }
}
