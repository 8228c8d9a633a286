using ExitSnoop.Reading;

namespace ExitSnoop.Tests.Records;

/// <summary>The events that wait in memory are in order, within the limit, and an empty queue takes no memory.</summary>
public sealed class RecordQueueTests
{
    private const int Mebibyte = 1 << 20;

    [Fact]
    public void What_goes_in_comes_out_in_order_with_its_clock() =>
        Property.Holds<byte[][]>(records =>
        {
            using RecordQueue queue = new(64 * Mebibyte);
            for (int i = 0; i < records.Length; i++)
                Assert.True(queue.TryAdd(records[i], i));
            Assert.Equal(records.Select((bytes, i) => ((long)i, Convert.ToHexString(bytes))), Drain(queue));
            Assert.True(queue.IsEmpty);
            Assert.Equal(0, queue.Bytes);
        });

    [Fact]
    public void Nothing_is_held_before_there_is_something()
    {
        using RecordQueue queue = new(256 * Mebibyte);
        Assert.Equal(0, queue.Bytes);
        Assert.True(queue.TryAdd(new byte[56], 0));
        Assert.InRange(queue.Bytes, 56, 128 << 10);
    }

    [Fact]
    public void Beyond_its_limit_it_takes_no_more_until_it_is_read()
    {
        using RecordQueue queue = new(4 * Mebibyte);
        byte[] record = new byte[300];
        int taken = 0;
        while (queue.TryAdd(record, 0))
            taken++;
        Assert.InRange(queue.Bytes, 3 * Mebibyte, 4 * Mebibyte);
        // Most of the counted bytes are used by records.
        Assert.InRange(taken * 312L, 3 * Mebibyte, 4 * Mebibyte);
        Assert.False(queue.TryAdd(record, 0));

        Assert.Equal(taken, Drain(queue).Count);
        Assert.Equal(0, queue.Bytes);
        Assert.True(queue.TryAdd(record, 0));
    }

    [Fact]
    public void A_record_larger_than_a_chunk_fits_where_the_limit_allows()
    {
        using RecordQueue queue = new(4 * Mebibyte);
        byte[] large = [.. Enumerable.Range(0, 100_000).Select(i => (byte)i)];
        Assert.True(queue.TryAdd("small"u8, 1));
        Assert.True(queue.TryAdd(large, 2));
        Assert.True(queue.TryAdd("small"u8, 3));
        Assert.False(queue.TryAdd(new byte[5 * Mebibyte], 4));
        Assert.Equal([1L, 2L, 3L], Drain(queue).Select(record => record.Clock));
    }

    [Fact]
    public void A_reader_and_a_writer_at_once_lose_nothing()
    {
        using RecordQueue queue = new(64 * Mebibyte);
        const int count = 200_000;
        Thread writer = new(() =>
        {
            for (long i = 0; i < count; i++)
                Assert.True(queue.TryAdd(BitConverter.GetBytes(i), i));
        });
        writer.Start();
        long next = 0;
        while (next < count)
            foreach ((long clock, string bytes) in Drain(queue))
                Assert.Equal((next, Convert.ToHexString(BitConverter.GetBytes(next++))), (clock, bytes));
        writer.Join();
        Assert.True(queue.IsEmpty);
    }

    [Fact]
    public void A_signal_wakes_one_that_waits_and_is_kept_for_one_that_comes_later()
    {
        using RecordQueue queue = new(Mebibyte);
        Assert.False(queue.Wait(TimeSpan.FromMilliseconds(20), default));
        queue.Signal();
        queue.Signal();
        Assert.True(queue.Wait(TimeSpan.Zero, default));
        Assert.False(queue.Wait(TimeSpan.Zero, default));
    }

    private static List<(long Clock, string Bytes)> Drain(RecordQueue queue)
    {
        List<(long, string)> records = [];
        while (queue.Take() is { } chunk)
        {
            while (chunk.TryRead(out ReadOnlySpan<byte> record, out long clock))
                records.Add((clock, Convert.ToHexString(record)));
            queue.Return(chunk);
        }
        return records;
    }
}
