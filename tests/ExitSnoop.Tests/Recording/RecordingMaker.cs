using ExitSnoop.Recording;
using ExitSnoop.Tests.Records;

namespace ExitSnoop.Tests.Recordings;

/// <summary>Records made-up exits, with clocks that the test sets.</summary>
internal sealed class RecordingMaker : IDisposable
{
    internal const long Second = 1_000_000_000, Hour = 3600 * Second;

    /// <summary>2026-11-25 00:00 UTC, at which the boot clock was 0.</summary>
    internal const long BootedAt = 1_795_564_800 * Second;

    private readonly TestFolder folder = new();
    private readonly List<byte[]> recorded = [];
    private RecordingWriter? writer;

    internal string Path => folder.Path("recording");

    /// <summary>The boot clock, in nanoseconds.</summary>
    internal long Now { get; set; } = 100 * Second;

    internal long WallOffset { get; set; } = BootedAt;

    internal RecordingLimits Limits { get; set; } = new(1 << 30, TimeSpan.FromDays(30), _ => 0, KeepArguments: true);

    internal Func<int, int>? Sync { get; set; }

    internal Func<(long Free, long Total)>? Space { get; set; }

    internal string Host { get; set; } = "elsewhere";

    internal string Boot { get; set; } = "a-boot";

    internal List<string> Messages { get; } = [];

    internal RecordingWriter Writer => writer ??= Start();

    /// <summary>All exits that were passed to the writer, in this order.</summary>
    internal IReadOnlyList<byte[]> Recorded => recorded;

    internal RecordingWriter Start()
    {
        RecordingMachine machine = new()
        {
            Head = SegmentHead.Here() with { Host = Host, Boot = Boot },
            Boot = () => Now,
            WallOffset = () => WallOffset,
            UserName = id => id == 4242 ? "somebody" : null,
            Space = Space,
            SyncAfter = TimeSpan.FromMilliseconds(100),
        };
        return writer = new RecordingWriter(RecordingFolder.Open(Path, null), Limits, Sync is null ? machine : machine with { Sync = Sync }, "", Messages.Add);
    }

    /// <summary>Adds this many exits, with a time between two of them.</summary>
    internal void Exit(int count, long interval = Second / 1000, uint status = 0)
    {
        for (int i = 0; i < count; i++)
        {
            Now += interval;
            byte[] bytes = BytesOf(recorded.Count, Now, status);
            recorded.Add(bytes);
            Assert.True(RecordView.TryParse(bytes, out RecordView view));
            Writer.Add(view, default, [], WallOffset);
            Writer.Tick();
        }
    }

    /// <summary>Lets time pass without exits.</summary>
    internal void Wait(long nanoseconds)
    {
        Now += nanoseconds;
        Writer.Tick();
    }

    internal void Stop()
    {
        Writer.Stop();
        Kill();
    }

    /// <summary>Ends the writer without an end note, as SIGKILL would.</summary>
    internal void Kill()
    {
        writer?.Dispose();
        writer = null;
    }

    internal IReadOnlyList<string> Segments => [.. RecordingFolder.Segments(Path).Select(segment => segment.Path)];

    /// <summary>The exits that are read, and the messages of what was found.</summary>
    internal (List<ExitEvent> Exits, List<string> Findings) Read(ExitRecordingOptions? options = null) => Read(Path, options);

    internal static (List<ExitEvent> Exits, List<string> Findings) Read(string path, ExitRecordingOptions? options = null)
    {
        ExitRecording recording = ExitRecording.Open(path);
        options ??= new ExitRecordingOptions { OldestFirst = true };
        List<ExitEvent> exits = [.. recording.ReadEvents(options with { Filter = options.Filter with { Utc = true } })];
        List<string> findings = [];
        while (recording.TryTakeFinding(out ExitRecordingFinding? finding))
            findings.Add(finding.Message);
        return (exits, findings);
    }

    /// <summary>Which of the exits that were handed to the writer these are.</summary>
    internal static IEnumerable<int> NumbersOf(IEnumerable<ExitEvent> exits) => exits.Select(exit => exit.Id - 1);

    /// <summary>When the exit of a number happened, at the offset of the clocks that there is now.</summary>
    internal DateTimeOffset TimeOf(int number)
    {
        Assert.True(RecordView.TryParse(recorded[number], out RecordView view));
        return new DateTimeOffset(DateTime.UnixEpoch.AddTicks(((long)view.Record.ExitTime + WallOffset) / 100));
    }

    public void Dispose()
    {
        Kill();
        folder.Dispose();
    }

    private static byte[] BytesOf(int number, long time, uint status)
    {
        ExitRecord record = new()
        {
            ExitTime = (ulong)time,
            StartTime = (ulong)(time - (number % 90 * (Second / 10))),
            Pid = (uint)number + 1,
            Tid = (uint)number + 1,
            ParentPid = 1,
            HostPid = (uint)number + 1,
            WaitStatus = status,
            Comm = RecordBytes.CommOf(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"program-{number % 7}"))),
        };
        ExitDetail detail = new() { Uid = number % 3 == 0 ? 4242 : (uint)(number % 5), LoginUid = uint.MaxValue, CpuTime = (ulong)number * 977, MaxRss = 300, SignalCode = -6 };
        return RecordBytes.Of(
            record, detail, "/usr/bin/program", $"/system.slice/service-{number % 11}.service",
            Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"program\0--number\0{number * 7919L}\0")), "/var/lib",
            new AncestorRecord { Pid = 77, Comm = RecordBytes.CommOf("bash"u8) }, new AncestorRecord { Pid = 1, Comm = RecordBytes.CommOf("init"u8) });
    }
}
