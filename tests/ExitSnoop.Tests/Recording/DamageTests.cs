using System.Buffers.Binary;
using System.Diagnostics;
using ExitSnoop.Recording;

namespace ExitSnoop.Tests.Recordings;

/// <summary>Files that are damaged, cut off, mixed up or made by an attacker: no wrong event, no crash, and damage is always reported.</summary>
public sealed class DamageTests
{
    private const int Places = 500;

    [Fact]
    public void Of_a_damaged_block_it_is_told_how_many_exits_cannot_be_read_and_all_others_come()
    {
        using RecordingMaker maker = new();
        maker.Exit(5000);
        maker.Stop();
        string file = maker.Segments[0];
        byte[] bytes = File.ReadAllBytes(file);
        bytes[bytes.Length / 2] ^= 0xff;
        File.WriteAllBytes(file, bytes);

        (List<ExitEvent> exits, List<string> findings) = maker.Read();
        int[] numbers = [.. RecordingMaker.NumbersOf(exits)];
        int[] missing = [.. Enumerable.Range(0, 5000).Except(numbers)];
        Assert.InRange(missing.Length, 1, 300);
        Assert.Equal(Enumerable.Range(missing[0], missing.Length), missing);
        Assert.StartsWith($"{missing.Length} exits from", findings[0], StringComparison.Ordinal);
        Assert.EndsWith($" cannot be read: {file} is damaged.", findings[0], StringComparison.Ordinal);
    }

    /// <summary>Damages many places of a segment. Only recorded exits are read, in their order, and missing ones are reported.</summary>
    [Fact]
    public void Bytes_that_are_changed_cut_or_moved_make_no_wrong_event_and_are_told()
    {
        using RecordingMaker maker = new();
        // Blocks of many exits, and one that was written part by part.
        maker.Exit(900);
        for (int i = 0; i < 60; i++)
            maker.Exit(1, interval: 2 * RecordingMaker.Second);
        maker.Exit(300);
        maker.Stop();
        byte[] whole = File.ReadAllBytes(maker.Segments[0]);
        using TestFolder folder = new();
        string file = folder.Path(Path.GetFileName(maker.Segments[0]));
        Random random = new(20261125);
        for (int place = 0; place < Places; place++)
        {
            byte[] bytes = Change(whole, random, out string change);
            File.WriteAllBytes(file, bytes);
            List<ExitEvent> exits;
            List<string> findings;
            try
            {
                (exits, findings) = RecordingMaker.Read(folder.FullName);
            }
            catch (ExitRecordingException refused)
            {
                Assert.True(refused.Error is ExitRecordingError.NotARecording or ExitRecordingError.UnknownVersion, $"{change}: {refused.Message}");
                continue;
            }
            int[] numbers = [.. RecordingMaker.NumbersOf(exits)];
            Assert.True(numbers.SequenceEqual(numbers.Distinct().Order()), $"{change}: the order is not that of the exits.");
            Assert.All(numbers, number => Assert.InRange(number, 0, 1259));
            foreach (ExitEvent exit in exits)
                Assert.Equal((ulong)RecordedTime(maker.Recorded[exit.Id - 1]), exit.ExitTimestamp);
            bool isTold = findings.Exists(text => text.Contains("damaged", StringComparison.Ordinal) || text.Contains("cut off", StringComparison.Ordinal));
            // An end that is cut off is like one that was not written: the recorder ended without a stop.
            bool isEnd = numbers.Length == 0 || numbers[^1] == numbers.Length - 1;
            Assert.True(
                isTold || (isEnd && findings.Exists(text => text.StartsWith("Nothing has been recorded since", StringComparison.Ordinal))),
                $"{change}: {1260 - numbers.Length} exits are missing, and nothing says so.");
        }
    }

    [Fact]
    public void A_segment_whose_first_head_is_damaged_is_read_by_the_second()
    {
        using RecordingMaker maker = new();
        maker.Exit(100);
        maker.Stop();
        byte[] bytes = File.ReadAllBytes(maker.Segments[0]);
        bytes.AsSpan(0, 1000).Clear();
        File.WriteAllBytes(maker.Segments[0], bytes);
        Assert.Equal(100, maker.Read().Exits.Count);
    }

    [Fact]
    public void An_unknown_version_is_an_error_that_says_so()
    {
        using RecordingMaker maker = new();
        maker.Exit(1);
        maker.Stop();
        byte[] bytes = File.ReadAllBytes(maker.Segments[0]);
        foreach (int head in new[] { 0, RecordingFormat.HeadSize })
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(head + 8), 7);
        File.WriteAllBytes(maker.Segments[0], bytes);
        ExitRecordingException refused = Assert.Throws<ExitRecordingException>(() => maker.Read());
        Assert.Equal(ExitRecordingError.UnknownVersion, refused.Error);
        Assert.Contains("is of version 7 of the format, and this program reads version 1.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_that_are_made_to_harm_are_read_within_seconds_and_bounds()
    {
        using RecordingMaker maker = new();
        maker.Exit(100);
        maker.Stop();
        byte[] head = File.ReadAllBytes(maker.Segments[0])[..RecordingFormat.PartsOffset];
        uint segment = BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(12));
        byte[] magics = new byte[4 << 20];
        for (int i = 0; i + 4 <= magics.Length; i += 4)
            PartHeader.Magic.CopyTo(magics.AsSpan(i));
        byte[] random = new byte[1 << 20];
        new Random(1).NextBytes(random);
        byte[] bomb = Part(segment, 0, new byte[60_000], 65_536);
        (string Name, byte[][] Bytes)[] files =
        [
            ("nothing but the magic of parts", [head, magics]),
            ("random bytes", [head, random]),
            ("zeros", [head, new byte[4 << 20]]),
            ("payloads that do not decompress", [head, .. Enumerable.Range(0, 50).Select(i => Part(segment, (uint)i, random[(i * 100)..((i * 100) + 100)], 65_536))]),
            ("a payload of zeros", [head, bomb]),
            ("very many tiny parts", [head, .. Enumerable.Repeat(0, 100_000).Select((_, i) => Part(segment, (uint)i, [0], 1))]),
        ];
        foreach ((string name, byte[][] bytes) in files)
        {
            using TestFolder folder = new();
            using (FileStream file = File.Create(folder.Path("exits-00000001.rec")))
                foreach (byte[] some in bytes)
                    file.Write(some);
            AssertHarmless(folder.FullName, name);
        }

        using TestFolder odd = new();
        Assert.Equal(0, Command.Run("mkfifo", [odd.Path("exits-00000001.rec")]).ExitCode);
        Directory.CreateDirectory(odd.Path("exits-00000002.rec"));
        odd.Write("exits-00000003.rec", "");
        odd.Write("exits-99999999999.rec", "number");
        File.CreateSymbolicLink(odd.Path("exits-00000004.rec"), "/dev/zero");
        using (FileStream sparse = File.Create(odd.Path("exits-00000005.rec")))
        {
            sparse.Write(head);
            sparse.SetLength(1L << 40);
        }
        AssertHarmless(odd.FullName, "odd files");
    }

    [Fact]
    public void Segments_that_vanish_while_they_are_read_are_told()
    {
        using RecordingMaker maker = new() { Limits = new(512 << 10, TimeSpan.FromDays(30), _ => 0, true) };
        maker.Exit(3000);
        maker.Stop();
        ExitRecording recording = ExitRecording.Open(maker.Path);
        List<int> numbers = [];
        string vanished = maker.Segments[1];
        foreach (ExitEvent exit in recording.ReadEvents(new ExitRecordingOptions { OldestFirst = true }))
        {
            if (numbers.Count == 0)
                File.Delete(vanished);
            numbers.Add(exit.Id - 1);
        }
        Assert.Equal(numbers.Order(), numbers);
        Assert.InRange(numbers.Count, 1500, 2999);
        List<string> findings = [];
        while (recording.TryTakeFinding(out ExitRecordingFinding? finding))
            findings.Add(finding.Message);
        Assert.Contains($"{vanished} was deleted while it was read.", findings);
        Assert.Contains(findings, text => text.StartsWith("Segments are missing: exits from", StringComparison.Ordinal));
    }

    private static void AssertHarmless(string folder, string name)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Stopwatch elapsed = Stopwatch.StartNew();
        (List<ExitEvent> exits, List<string> findings) = RecordingMaker.Read(folder);
        Assert.True(exits.Count == 0, name);
        Assert.True(elapsed.Elapsed < TimeSpan.FromSeconds(20), $"{name}: {elapsed.Elapsed}");
        Assert.True(findings.Count > 0, name);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 300 << 20, $"{name}: {GC.GetAllocatedBytesForCurrentThread() - before} bytes");
    }

    private static long RecordedTime(byte[] record) => BinaryPrimitives.ReadInt64LittleEndian(record);

    private static byte[] Part(uint segment, uint number, byte[] payload, int items)
    {
        byte[] bytes = new byte[PartHeader.Size + payload.Length];
        payload.CopyTo(bytes, PartHeader.Size);
        new PartHeader
        {
            Kind = PartKind.Begin,
            Number = number,
            Segment = segment,
            PayloadLength = payload.Length,
            ItemsLength = items,
            Exits = 1,
            First = 1,
            Last = 1,
            WallOffset = RecordingMaker.BootedAt,
            PayloadChecksum = RecordingFormat.Checksum(payload),
        }.Write(bytes);
        return bytes;
    }

    private static byte[] Change(byte[] whole, Random random, out string change)
    {
        int at = random.Next(whole.Length), length = random.Next(1, Math.Min(2000, whole.Length - at + 1));
        switch (random.Next(4))
        {
            case 0:
                change = $"cut at {at}";
                return whole[..at];
            case 1:
                change = $"{length} bytes missing at {at}";
                return [.. whole[..at], .. whole[(at + length)..]];
            case 2:
                int to = random.Next(whole.Length - length + 1);
                change = $"{length} bytes at {at} exchanged with those at {to}";
                byte[] moved = [.. whole];
                whole.AsSpan(at, length).CopyTo(moved.AsSpan(to));
                whole.AsSpan(to, length).CopyTo(moved.AsSpan(at));
                return moved;
            default:
                byte[] flipped = [.. whole];
                flipped[at] ^= (byte)(1 << random.Next(8));
                change = $"a bit flipped at {at}";
                return flipped;
        }
    }
}
