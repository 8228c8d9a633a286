using System.Text.Json;

namespace ExitSnoop.Tests.Kernel;

/// <summary>Records that are damaged before the reader gets them.</summary>
[Collection(KernelTests.Name)]
public sealed class HostileStreamTests
{
    private const int Exits = 2000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Each_is_refused_or_an_event_that_can_be_written_as_JSON_and_the_trace_goes_on(int seed)
    {
        LoadableBpf.Require();
        using Child storm = Child.StartHeld(TestProgram.Threads, "-j", "4", $"{Exits}", "1");
        ExitTraceOptions options = new() { ParentIds = [storm.Id] };
        ExitProgram program = ExitProgram.Start(options.ForProgram(), CgroupHierarchy.Find());
        DamagedSource source = new(program.Source, new Random(seed));
        program.Source = source;
        using ExitTrace trace = new(options, program);
        storm.WriteLine();
        _ = storm.Output.ReadToEnd();
        trace.Stop();
        int events = 0;
        foreach (ExitEvent exit in trace.ReadEvents())
        {
            using JsonDocument json = JsonDocument.Parse(exit.ToJson());
            Assert.Equal(JsonValueKind.Object, json.RootElement.ValueKind);
            events++;
        }
        // A damaged record does not count as lost.
        Assert.InRange(source.Records, Exits, int.MaxValue);
        Assert.InRange(events, Exits / 4, source.Records);
        Assert.Equal(ExitTraceEnd.Stopped, trace.End);
    }

    /// <summary>In each record some bytes are changed, or its end is missing.</summary>
    private sealed class DamagedSource(IRecordSource inner, Random random) : IRecordSource
    {
        internal int Records { get; private set; }

        public IReadOnlyList<int> Fds => inner.Fds;

        public bool HasHeld => inner.HasHeld;

        public double TakeFill() => inner.TakeFill();

        public int Drain(RecordHandler handler) => inner.Drain(Damaging(handler));

        public void Flush(RecordHandler handler) => inner.Flush(Damaging(handler));

        public void SetAsleep(bool value) => inner.SetAsleep(value);

        public void Dispose() => inner.Dispose();

        private RecordHandler Damaging(RecordHandler handler) => record =>
        {
            Records++;
            byte[] bytes = record.ToArray();
            for (int i = random.Next(8); i > 0; i--)
                bytes[random.Next(random.Next(2) == 0 ? Math.Min(bytes.Length, 300) : bytes.Length)] = (byte)random.Next(256);
            handler(random.Next(8) == 0 ? bytes.AsSpan(0, random.Next(bytes.Length)) : bytes);
        };
    }
}
