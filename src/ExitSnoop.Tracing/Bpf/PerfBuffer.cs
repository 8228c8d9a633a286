using System.ComponentModel;
using System.Runtime.InteropServices;

namespace ExitSnoop.Bpf;

/// <summary>The reader of a perf buffer, one ring a processor, which wakes its reader for each record.</summary>
internal sealed unsafe class PerfBuffer : IRecordSource
{
    private readonly nint buffer;
    private GCHandle self;
    private RecordHandler? handler;
    private int records;

    /// <param name="map">The perf event array; it stays the caller's.</param>
    /// <param name="size">Bytes for each processor, a power of two.</param>
    /// <exception cref="Win32Exception">The kernel refused.</exception>
    internal PerfBuffer(int map, int size)
    {
        self = GCHandle.Alloc(this);
        buffer = LibBpf.perf_buffer__new(
            map, (nuint)Math.Max(size / Environment.SystemPageSize, 1), &TakeSample, &IgnoreLost, GCHandle.ToIntPtr(self), 0);
        if (buffer == 0)
        {
            int error = Marshal.GetLastPInvokeError();
            self.Free();
            throw new Win32Exception(error);
        }
    }

    public IReadOnlyList<int> Fds => [LibBpf.perf_buffer__epoll_fd(buffer)];

    public bool CanBeWoken => false;

    public bool HasHeld => false;

    public void Flush(RecordHandler handler)
    {
    }

    public int Drain(RecordHandler handler)
    {
        this.handler = handler;
        records = 0;
        _ = LibBpf.perf_buffer__consume(buffer);
        return records;
    }

    /// <summary>Nothing to do: every record wakes.</summary>
    public void SetAsleep(bool value)
    {
    }

    public void Dispose()
    {
        LibBpf.perf_buffer__free(buffer);
        self.Free();
    }

    [UnmanagedCallersOnly]
    private static void TakeSample(nint context, int processor, byte* data, uint size)
    {
        PerfBuffer here = (PerfBuffer)GCHandle.FromIntPtr(context).Target!;
        here.records++;
        here.handler!(new ReadOnlySpan<byte>(data, (int)size));
    }

    // The program itself counts the records that found no room; perf tells only of some of them.
    [UnmanagedCallersOnly]
    private static void IgnoreLost(nint context, int processor, ulong count)
    {
    }
}
