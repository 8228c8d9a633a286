using System.Text.Json.Nodes;

namespace ExitSnoop.Tests.Kernel;

/// <summary>What is attached, by the word of the kernel and not by ours.</summary>
[Collection(KernelTests.Name)]
public sealed class AttachmentTests
{
    [Theory]
    [MemberData(nameof(Fallback.All), MemberType = typeof(Fallback))]
    public void The_kernel_runs_what_was_asked_for(string without)
    {
        BpfTool.Require();
        ExitProgramFallbacks fallbacks = Fallback.Parse(without);
        using Recording recording = Recording.OfChildren(options: new() { Fallbacks = fallbacks });

        JsonNode program = ExitProgram();
        bool raw = fallbacks.HasFlag(ExitProgramFallbacks.RawTracepoint);
        Assert.Equal(raw ? "raw_tracepoint" : "tracing", (string?)program["type"]);
        Assert.Equal(raw ? "raw_tp" : "tp_btf", recording.Trace.AttachType);

        HashSet<string> mapTypes = [], mapNames = [];
        foreach (JsonNode? id in program["map_ids"]!.AsArray())
        {
            JsonNode map = BpfTool.Query("map", "show", "id", id!.ToString());
            mapTypes.Add((string)map["type"]!);
            mapNames.Add((string)map["name"]!);
        }
        bool perfBuffer = fallbacks.HasFlag(ExitProgramFallbacks.PerfBuffer);
        Assert.Contains(perfBuffer ? "perf_event_array" : "ringbuf", mapTypes);
        Assert.DoesNotContain(perfBuffer ? "ringbuf" : "perf_event_array", mapTypes);
        Assert.Equal(perfBuffer ? "perf buffer" : "ring buffer", recording.Trace.Transport);

        bool claimed = fallbacks.HasFlag(ExitProgramFallbacks.NoGroupDead) || Environment.OSVersion.Version < new Version(6, 16);
        Assert.Equal(claimed, mapNames.Contains("claims"));
        Assert.Equal(claimed ? "claimed" : "group_dead", recording.Trace.GroupDeath);
    }

    [Fact]
    public void A_basic_trace_attaches_to_the_exit_alone()
    {
        BpfTool.Require();
        using Recording recording = Recording.OfChildren(options: new() { Basic = true });
        Assert.Single(BpfTool.IdsHeldBy(Environment.ProcessId, "link_id"));
    }

    [Fact]
    public void A_filter_that_is_not_used_has_no_map()
    {
        BpfTool.Require();
        using Recording recording = Recording.Start(new() { Users = [uint.MaxValue - 1] });
        Assert.DoesNotContain(MapsOf(ExitProgram()), map => map is "ids" or "parents" or "claims");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    public void A_perf_buffer_is_made_for_any_number_of_processors(int processors)
    {
        LoadableBpf.Require();
        Dictionary<string, string> environment = new() { ["DOTNET_PROCESSOR_COUNT"] = $"{processors:x}" };
        string[] arguments = [.. Tracer.Command[1..], "--parent", $"{Environment.ProcessId}", "--buffer", "1", "--without", $"{(int)ExitProgramFallbacks.PerfBuffer}"];
        using Tracer tracer = new(Child.Start(Tracer.Command[0], arguments.Select(System.Text.Encoding.UTF8.GetBytes), environment));
        tracer.AwaitAttached();
        using Child child = Child.Run(TestProgram.Victim, "exit", "8");
        Assert.Contains(tracer.Finish(), line => line.Id == child.Id);
    }

    private static JsonNode ExitProgram() => BpfTool.IdsHeldBy(Environment.ProcessId, "link_id")
        .Select(link => BpfTool.Query("link", "show", "id", $"{link}"))
        .Select(link => BpfTool.Query("prog", "show", "id", link["prog_id"]!.ToString()))
        .Single(program => ((string)program["name"]!).StartsWith("process_exit", StringComparison.Ordinal));

    private static IEnumerable<string> MapsOf(JsonNode program) =>
        program["map_ids"]!.AsArray().Select(id => (string)BpfTool.Query("map", "show", "id", id!.ToString())["name"]!);
}
