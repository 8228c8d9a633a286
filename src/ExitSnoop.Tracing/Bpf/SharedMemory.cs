using System.ComponentModel;
using System.Runtime.CompilerServices;
using ExitSnoop.Linux;

namespace ExitSnoop.Bpf;

/// <summary>
/// The memory that the programs share with the reader: struct shared of bpf/maps.h. What the reader looks at again and
/// again is in here, as the kernel runs no kprobe program while a system call on a map is preempted on the CPU.
/// </summary>
internal sealed unsafe class SharedMemory : IDisposable
{
    private const int CacheLine = 64, WritersOffset = CacheLine, LostOffset = WritersOffset + (8 * CacheLine);

    private readonly byte* start;

    /// <param name="map">Its array map, which stays the caller's.</param>
    /// <exception cref="Win32Exception">Mapping failed.</exception>
    internal SharedMemory(int map) =>
        start = (byte*)LibC.Map(map, Environment.SystemPageSize, LibC.ProtRead | LibC.ProtWrite, 0);

    /// <summary>1 while the reader blocks and has to be woken.</summary>
    internal ref long ReaderAsleep => ref Unsafe.AsRef<long>(start);

    /// <summary>How many programs are at a record for a ring.</summary>
    internal ref long Writers(int ring) => ref Unsafe.AsRef<long>(start + WritersOffset + (ring * CacheLine));

    /// <summary>A counter of enum loss.</summary>
    internal ref long Lost(int what) => ref Unsafe.AsRef<long>(start + LostOffset + (what * sizeof(long)));

    public void Dispose() => LibC.Unmap(start, Environment.SystemPageSize);
}
