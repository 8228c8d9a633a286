using System.Text.Json.Nodes;
using ExitSnoop.Bpf;

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
    [InlineData(2)]
    [InlineData(16)]
    public void The_rings_of_all_processors_have_the_size_asked_for_together(int bufferSize)
    {
        BpfTool.Require();
        using Recording recording = Recording.OfChildren(options: new() { BufferSize = bufferSize });
        long[] rings = [.. BpfTool.IdsHeldBy(Environment.ProcessId, "map_id")
            .Select(id => BpfTool.Query("map", "show", "id", $"{id}"))
            .Where(map => (string?)map["type"] == "ringbuf")
            .Select(map => (long)map["max_entries"]!)];
        Assert.Equal((long)bufferSize << 20, rings.Sum());
        int processors = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)LibBpf.libbpf_num_possible_cpus());
        Assert.Equal(Math.Min(Math.Min(processors, 8), bufferSize), rings.Length);
    }

    [Theory]
    [InlineData(false, false, true)]
    [InlineData(false, true, true)]
    [InlineData(true, false, false)]
    public void What_did_not_fail_is_dropped_by_a_program_of_its_own_where_processes_are_told(bool perThread, bool basic, bool expected)
    {
        BpfTool.Require();
        if (Environment.OSVersion.Version < new Version(6, 16))
            Assert.Skip("the tracepoint has no group_dead before 6.16");
        using Recording recording = Recording.OfChildren(options: new() { Failed = true, PerThread = perThread, Basic = basic });
        Assert.Equal(expected, ((string)ExitProgram()["name"]!).EndsWith("_nonzero", StringComparison.Ordinal));
    }

    private static JsonNode ExitProgram() => BpfTool.IdsHeldBy(Environment.ProcessId, "link_id")
        .Select(link => BpfTool.Query("link", "show", "id", $"{link}"))
        .Select(link => BpfTool.Query("prog", "show", "id", link["prog_id"]!.ToString()))
        .Single(program => (string)program["name"]! is not ("signal_generate" or "process_exec" or "process_fork"));

    private static IEnumerable<string> MapsOf(JsonNode program) =>
        program["map_ids"]!.AsArray().Select(id => (string)BpfTool.Query("map", "show", "id", id!.ToString())["name"]!);
}
