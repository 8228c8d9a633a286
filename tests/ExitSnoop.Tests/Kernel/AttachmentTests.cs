namespace ExitSnoop.Tests.Kernel;

/// <summary>What is attached, according to the kernel.</summary>
[Collection(KernelTests.Name)]
public sealed class AttachmentTests
{
    [Theory]
    [MemberData(nameof(Fallback.All), MemberType = typeof(Fallback))]
    public void The_kernel_runs_what_was_asked_for(string without)
    {
        ExitProgramFallbacks fallbacks = Fallback.Parse(without);
        using Recording recording = Recording.OfChildren(options: new() { Fallbacks = fallbacks });

        IReadOnlyList<BpfProgram> programs = ExitPrograms();
        uint[] expected = fallbacks switch
        {
            ExitProgramFallbacks.RawTracepoint or ExitProgramFallbacks.NoGroupDead => [BpfProgram.RawTracepoint],
            ExitProgramFallbacks.SecondHook => [BpfProgram.RawTracepoint, BpfProgram.Tracing],
            _ => [BpfProgram.Tracing],
        };
        Assert.Equal(expected, programs.Select(program => program.Type).Order());
        Assert.Equal(expected[^1] == BpfProgram.Tracing ? "tp_btf" : "raw_tp", recording.Trace.AttachType);

        string[] signals = ["signal_deliver", "signal_generate"];
        string[] names = fallbacks switch
        {
            ExitProgramFallbacks.NoGroupDead => ["process_exec", "process_exit_ra", .. signals],
            ExitProgramFallbacks.RawTracepoint => ["process_exit_ra", .. signals],
            ExitProgramFallbacks.SecondHook => ["process_exit", "process_exit_ra", .. signals],
            _ => ["process_exit", .. signals],
        };
        // The kernel truncates process_exit_crash and signal_deliver_crash to 15 characters.
        Assert.Equal(names, Programs().Select(program => program.Name switch
        {
            "process_exit_cr" => "process_exit",
            "signal_deliver_" => "signal_deliver",
            string name => name,
        }).Order(StringComparer.Ordinal));

        bool claimed = fallbacks == ExitProgramFallbacks.NoGroupDead;
        Assert.Equal(claimed, MapsOf(programs[0]).Contains("claims"));
        Assert.Equal(claimed ? "claimed" : "group_dead", recording.Trace.GroupDeath);
    }

    /// <summary>
    /// A start is slow if the verifier checks each iteration of a loop separately. It once checked 65,000 instructions.
    /// </summary>
    [Fact]
    public void The_kernel_has_little_to_verify_before_a_detailed_trace_starts()
    {
        using Recording recording = Recording.OfChildren();
        HashSet<int> instructions = BpfObjects.HeldBy(Environment.ProcessId, "verified_insns");
        Assert.SkipWhen(instructions.Count == 0, "before 5.16 the kernel does not say it");
        Assert.InRange(instructions.Max(), 1, 25_000);
    }

    [Theory]
    [InlineData("5.10", false, true, "fentry on taskstats_exit")]
    [InlineData("5.10", true, true, "fentry on taskstats_exit")]
    [InlineData("6.1", true, false, "fentry on taskstats_exit and raw_tp on sched_process_exit")]
    [InlineData("6.12", true, true, "kprobe.multi on taskstats_exit and raw_tp on sched_process_exit")]
    [InlineData("6.12", false, true, "kprobe.multi on taskstats_exit")]
    [InlineData("6.18", true, true, "tp_btf on sched_process_exit")]
    [InlineData("7.3", true, true, "kprobe.multi on taskstats_exit and raw_tp on sched_process_exit")]
    [InlineData("7.3", true, false, "tp_btf on sched_process_exit")]
    public void Each_kernel_is_given_the_hook_that_misses_nothing_at_the_least_cost(string release, bool preemptible, bool hasKprobeMulti, string expected)
    {
        bool Names(string name) => name == "taskstats_exit" || (hasKprobeMulti && release != "5.10");
        List<ExitHook> hooks = [.. ExitHook.Candidates(ExitProgramFallbacks.None, new Version(release), preemptible, Names)];
        Assert.Equal(expected, hooks[0].Description);
        Assert.Equal("raw_tp on sched_process_exit", hooks[^1].Description);
    }

    [Theory]
    [InlineData("5.10")]
    [InlineData("6.1")]
    [InlineData("6.12")]
    [InlineData("6.18")]
    [InlineData("7.3")]
    public void Commands_are_taken_at_exec_and_deaths_claimed_only_where_the_hook_comes_late_or_names_no_last_thread(string release)
    {
        Version version = new(release);
        foreach (bool preemptible in new[] { false, true })
            foreach (ExitHook hook in ExitHook.Candidates(ExitProgramFallbacks.None, version, preemptible, _ => true))
            {
                bool tracepointIsLate = version < new Version(6, 16), atTracepoint = hook.AttachType == "raw_tp";
                if (atTracepoint && !tracepointIsLate && !hook.TracepointHasGroupDead)
                    // The last candidate, for kernels whose release does not tell what they support.
                    continue;
                Assert.Equal(atTracepoint && tracepointIsLate, hook.IsAfterMemory);
                Assert.Equal((atTracepoint || hook.HasSecond) && tracepointIsLate, hook.Claims);
            }
    }

    [Theory]
    [InlineData("5.10", "raw_tp on sched_process_exit")]
    [InlineData("6.12", "raw_tp on sched_process_exit")]
    [InlineData("6.18", "tp_btf on sched_process_exit")]
    [InlineData("7.3", "tp_btf on sched_process_exit")]
    public void No_function_is_chosen_where_function_tracing_is_switched_off(string release, string expected)
    {
        List<ExitHook> hooks = [.. ExitHook.Candidates(ExitProgramFallbacks.None, new Version(release), true, _ => true, functionTracing: false)];
        Assert.Equal(expected, hooks[0].Description);
        Assert.DoesNotContain(hooks, hook => hook.AttachType is "fentry" or "kprobe.multi");
    }

    [Fact]
    public void The_kernels_type_information_is_searched_for_a_whole_name()
    {
        Assert.True(KernelTypeInfo.Names("task_struct"));
        Assert.True(KernelTypeInfo.Names("taskstats_exit"));
        Assert.False(KernelTypeInfo.Names("taskstats_exi"));
    }

    [Fact]
    public void A_basic_trace_attaches_to_the_exit_alone()
    {
        using Recording recording = Recording.OfChildren(options: new() { Basic = true });
        Assert.Single(Programs());
    }

    [Fact]
    public void A_filter_that_is_not_used_has_no_map()
    {
        using Recording recording = Recording.Start(new() { Users = [uint.MaxValue - 1] });
        Assert.DoesNotContain(MapsOf(ExitPrograms()[0]), map => map is "ids" or "parents" or "claims");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(16)]
    public void The_rings_of_all_processors_have_the_size_asked_for_together(int bufferSize)
    {
        using Recording recording = Recording.OfChildren(options: new() { BufferSize = bufferSize });
        long[] rings = [.. BpfObjects.HeldBy(Environment.ProcessId, "map_id")
            .Select(BpfObjects.Map).Where(map => map.Type == BpfMap.RingBuffer && map.Name.StartsWith("events_", StringComparison.Ordinal)).Select(map => (long)map.MaxEntries)];
        Assert.Equal((long)bufferSize << 20, rings.Sum());
        int processors = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)LibBpf.libbpf_num_possible_cpus());
        Assert.Equal(Math.Min(Math.Min(processors, 8), bufferSize), rings.Length);
    }

    [Fact]
    public void Senders_are_kept_beyond_what_each_possible_processor_holds_back()
    {
        using Recording recording = Recording.OfChildren();
        BpfMap senders = BpfObjects.HeldBy(Environment.ProcessId, "map_id").Select(BpfObjects.Map).Single(map => map.Name == "senders");
        // LOCAL_FREE_TARGET in kernel/bpf/bpf_lru_list.c
        Assert.Equal(8192, senders.MaxEntries - (128 * LibBpf.libbpf_num_possible_cpus()));
    }

    [Theory]
    [InlineData(false, false, true)]
    [InlineData(false, true, true)]
    [InlineData(true, false, false)]
    public void What_did_not_fail_is_dropped_by_a_program_of_its_own_where_processes_are_told(bool perThread, bool basic, bool expected)
    {
        if (Environment.OSVersion.Version < new Version(6, 16))
            Assert.Skip("the tracepoint has no group_dead before 6.16");
        using Recording recording = Recording.OfChildren(options: new() { Failed = true, PerThread = perThread, Basic = basic });
        // The truncated names of process_exit_nonzero and basic_exit_nonzero.
        Assert.Equal(expected, ExitPrograms()[0].Name is "process_exit_no" or "basic_exit_nonz");
    }

    private static IEnumerable<BpfProgram> Programs() => BpfObjects.HeldBy(Environment.ProcessId, "link_id").Select(BpfObjects.ProgramOfLink);

    private static IReadOnlyList<BpfProgram> ExitPrograms() => [.. Programs()
        .Where(program => program.Name is not ("signal_generate" or "signal_deliver" or "signal_deliver_" or "process_exec" or "process_fork"))];

    private static IEnumerable<string> MapsOf(BpfProgram program) => program.Maps.Select(map => map.Name);
}
