using System.ComponentModel;
using System.Runtime.CompilerServices;
using ExitSnoop.Linux;

namespace ExitSnoop.Bpf;

/// <summary>
/// The memory that the programs share with the reader: struct shared of bpf/maps.h. It contains what the reader reads
/// often. A map would need a system call, and while such a call is preempted, the kernel skips kprobe programs on that CPU.
/// </summary>
internal sealed unsafe class SharedMemory : IDisposable
{
    private const int CacheLine = 64, WritersOffset = CacheLine, LostOffset = WritersOffset + (8 * CacheLine);

    private readonly byte* start;

    /// <param name="map">The array map with this memory. The caller closes it.</param>
    /// <exception cref="Win32Exception">Mapping failed.</exception>
    internal SharedMemory(int map) =>
        start = (byte*)LibC.Map(map, Environment.SystemPageSize, LibC.ProtRead | LibC.ProtWrite, 0);

    /// <summary>1 while the reader blocks and must be woken; see wake_reader() in bpf/ring.h.</summary>
    internal ref long ReaderAsleep => ref Unsafe.AsRef<long>(start);

    /// <summary>How many programs are building a record for a ring.</summary>
    internal ref long Writers(int ring) => ref Unsafe.AsRef<long>(start + WritersOffset + (ring * CacheLine));

    /// <summary>A counter of enum loss in bpf/record.h.</summary>
    internal ref long Lost(int what) => ref Unsafe.AsRef<long>(start + LostOffset + (what * sizeof(long)));

    public void Dispose() => LibC.Unmap(start, Environment.SystemPageSize);
}
