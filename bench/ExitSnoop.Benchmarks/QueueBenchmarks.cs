using BenchmarkDotNet.Attributes;
using ExitSnoop.Reading;

namespace ExitSnoop.Benchmarks;

/// <summary>Measures the queue between the thread that reads the ring buffers and the thread that reads events.</summary>
public class QueueBenchmarks : IDisposable
{
    private const int Records = 4096;

    private readonly RecordQueue queue = new(long.MaxValue);
    private byte[] bytes = [];

    /// <summary>Whether the records have all details, or only what the original shows.</summary>
    [Params(false, true)]
    public bool Detailed { get; set; }

    /// <summary>Makes the record.</summary>
    [GlobalSetup]
    public void Setup() => bytes = Detailed ? SampleRecord.Detailed() : SampleRecord.Basic();

    /// <summary>Disposes the queue.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        queue.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Adds many records and takes them out again; the result is the time per record.</summary>
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
