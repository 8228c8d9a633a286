using System.Globalization;
using System.Runtime.InteropServices;
using ExitSnoop.Linux;
using ExitSnoop.Recording;
using ExitSnoop.Records;

namespace ExitSnoop.Benchmarks;

/// <summary>Makes a large recording from a small one: its exits are repeated, spread over some hours until now.</summary>
internal static class RecordingCopier
{
    internal const string Argument = "--copy-recording";

    /// <summary>One of this many exits is made a crash.</summary>
    private const long CrashInterval = 100_000;

    /// <param name="args">The recording, the new recording, the number of exits, the number of hours.</param>
    internal static int Run(ReadOnlySpan<string> args)
    {
        (string source, string target) = (args[0], args[1]);
        long count = long.Parse(args[2], CultureInfo.InvariantCulture), hours = long.Parse(args[3], CultureInfo.InvariantCulture);
        List<byte[]> records = [];
        RecordingReader reader = new(RecordingFolder.Segments(source), long.MinValue, long.MaxValue, oldestFirst: true, _ => { });
        foreach (RecordedBlock block in reader.Blocks())
            for (int i = 0; i < block.Count; i++)
                records.Add(block.Exit(i).ToArray());

        long end = Clocks.Boot(), offset = Clocks.Wall() - end, span = hours * 3600 * 1_000_000_000, now = end - span;
        // If the machine was booted less than that long ago, both clocks are moved ahead.
        long ahead = Math.Max(0, -now);
        now += ahead;
        RecordingMachine machine = new() { Head = SegmentHead.Here(), Boot = () => now, WallOffset = () => offset - ahead };
        using RecordingWriter writer = new(
            RecordingFolder.Open(target, null), new RecordingLimits(long.MaxValue, TimeSpan.FromDays(365), _ => 0, KeepArguments: true), machine, "", Console.Error.WriteLine);
        for (long i = 0; i < count; i++)
        {
            byte[] record = records[(int)(i % records.Count)];
            ref ExitRecord exit = ref MemoryMarshal.AsRef<ExitRecord>(record.AsSpan());
            now = end + ahead - span + (long)((double)span * i / count);
            exit.StartTime = (ulong)now - Math.Min((ulong)now, exit.ExitTime - exit.StartTime);
            exit.ExitTime = (ulong)now;
            exit.WaitStatus = i % CrashInterval == CrashInterval / 2 ? (uint)Signal.SEGV : 0;
            _ = RecordView.TryParse(record, out RecordView view);
            writer.Add(view, default, [], offset - ahead);
            if (i % 1024 == 0)
                writer.Tick();
        }
        writer.Stop();
        return 0;
    }
}
