using System.Buffers;
using System.Collections.Concurrent;
using System.ComponentModel;
using System.Runtime.InteropServices;
using ExitSnoop.Linux;

namespace ExitSnoop.Crash;

/// <summary>
/// Memory for the copy of a part of a stack, outside of the managed heap: the garbage collector can move an array and leave
/// its old content in memory. After use, these pages are overwritten and their memory is returned to the kernel. Only the
/// address range is kept for the next copy.
/// </summary>
internal sealed unsafe partial class PrivatePages : MemoryManager<byte>
{
    private const int DontNeed = 4; // MADV_DONTNEED of include/uapi/asm-generic/mman-common.h

    private static readonly ConcurrentBag<PrivatePages> Free = [];

    private readonly void* start = LibC.MapAnonymous(StackMemory.PartSize);

    private PrivatePages()
    {
    }

    /// <exception cref="Win32Exception">There is not enough memory.</exception>
    internal static PrivatePages Take() => Free.TryTake(out PrivatePages? pages) ? pages : new PrivatePages();

    /// <summary>Overwrites the pages, returns their memory and keeps the address range for the next copy.</summary>
    internal void Release()
    {
        GetSpan().Clear();
        _ = madvise(start, StackMemory.PartSize, DontNeed);
        Free.Add(this);
    }

    public override Span<byte> GetSpan() => new(start, StackMemory.PartSize);

    public override MemoryHandle Pin(int elementIndex = 0) => new((byte*)start + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing) => LibC.Unmap(start, StackMemory.PartSize);

    [LibraryImport("libc")]
    private static partial int madvise(void* address, nuint length, int advice);
}
