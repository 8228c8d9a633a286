using BenchmarkDotNet.Attributes;
using ExitSnoop.Reading;

namespace ExitSnoop.Benchmarks;

/// <summary>The queue between the thread that drains the kernel's buffer and the one that reads events.</summary>
public class QueueBenchmarks : IDisposable
{
    private const int Records = 4096;

    private readonly RecordQueue queue = new(long.MaxValue);
    private byte[] bytes = [];

    /// <summary>Whether the records have all there is, or what the original shows.</summary>
    [Params(false, true)]
    public bool Detailed { get; set; }

    /// <summary>Makes the record.</summary>
    [GlobalSetup]
    public void Setup() => bytes = Detailed ? SampleRecord.Detailed() : SampleRecord.Basic();

    /// <summary>Nothing waits for it.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        queue.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>One record in, and out again; of many that wait in between.</summary>
    [Benchmark(OperationsPerInvoke = Records)]
    public long AddAndTake()
    {
        for (int i = 0; i < Records; i++)
            queue.TryAdd(bytes, SampleRecord.ClockOffset);
        long length = 0;
        while (queue.Take() is { } chunk)
        {
            while (chunk.TryRead(out ReadOnlySpan<byte> record, out _))
                length += record.Length;
            queue.Return(chunk);
        }
        return length;
    }
}
