using System.ComponentModel;
using System.Numerics;
using System.Reflection;
using ExitSnoop.Linux;

namespace ExitSnoop.Bpf;

/// <summary>
/// The BPF program, loaded and attached in the best way that the kernel allows. To dispose of it
/// detaches and unloads it.
/// </summary>
internal sealed class ExitProgram : IDisposable
{
    /// <summary>PROC_PID_INIT_INO of include/linux/proc_ns.h: the first PID namespace.</summary>
    private const ulong FirstPidNamespace = 0xEFFFFFFC;

    /// <summary>Enough for every process of a machine with the default pid_max on 64 bits to be a descendant.</summary>
    private const uint DescendantsMax = 65536;

    /// <summary>An iterator: it is not attached but run, by <see cref="FindDescendants"/>.</summary>
    private const string DescendantsProgram = "find_descendants";

    /// <summary>The rings events_0 and on of the object.</summary>
    private const int RingsMax = 8;

    private readonly BpfObject bpf;
    private readonly List<BpfLink> links = [];
    private readonly string exitProgram;

    private ExitProgram(BpfObject bpf, Plan plan, CgroupHierarchy hierarchy)
    {
        Hierarchy = hierarchy;
        this.bpf = bpf;
        exitProgram = plan.ExitProgram;
        HasGroupDead = plan.HasGroupDead;
        PerfBuffer = plan.PerfBuffer;
        AttachType = plan.Typed ? "tp_btf" : "raw_tp";
    }

    /// <summary>tp_btf or raw_tp.</summary>
    internal string AttachType { get; }

    /// <summary>Whether the tracepoint itself says which thread is the last; else deaths are claimed.</summary>
    internal bool HasGroupDead { get; }

    /// <summary>Whether records come through a perf buffer, for want of a ring buffer.</summary>
    internal bool PerfBuffer { get; }

    /// <summary>The clock of the records' times: CLOCK_BOOTTIME, or CLOCK_MONOTONIC where BPF has no other.</summary>
    internal int Clock => PerfBuffer ? LibC.ClockMonotonic : LibC.ClockBoottime;

    /// <summary>Where its records come from; opened before it is attached, so that the first has a place to go.</summary>
    internal IRecordSource Source { get; set; } = null!;

    internal int LostFd => bpf.MapFd("lost");

    /// <summary>The memory that the programs share with the reader.</summary>
    internal int SharedFd => bpf.MapFd(".bss");

    internal int ExitProgramFd => bpf.ProgramFd(exitProgram);

    /// <summary>The processes asked for by id; see bpf/maps.h.</summary>
    internal BpfMap<uint, ulong> Ids => new(bpf.MapFd("ids"));

    /// <summary>The cgroups asked for, by their ids.</summary>
    internal BpfMap<ulong, byte> Cgroups => new(bpf.MapFd("cgroups"));

    /// <summary>The hierarchy that the cgroups are in.</summary>
    internal CgroupHierarchy Hierarchy { get; }

    /// <summary>
    /// Watches the descendants, which are there already, of the processes in <see cref="Ids"/>. Children forked from now
    /// on are the program's to add, so each pass only finds processes that were there before, or children
    /// of those: it ends after as many passes as the tree has levels at most.
    /// </summary>
    /// <exception cref="Win32Exception">The kernel refused.</exception>
    internal void FindDescendants()
    {
        while (bpf.Iterate(DescendantsProgram) > 0)
        {
        }
    }

    /// <summary>Loads and attaches.</summary>
    /// <exception cref="ExitTraceException">No way to load was accepted; the error is that of the best one.</exception>
    internal static ExitProgram Start(ExitTraceOptions options, CgroupHierarchy cgroups)
    {
        LibBpf.Load();
        KernelTypeInfo.Check(options.BtfPath, needsKernelFile: options.IncludeChildren);

        using LibBpfMessages messages = LibBpfMessages.Collect(options.Log);
        ExitTraceException? first = null;
        foreach (Plan plan in Plans(options))
        {
            try
            {
                return Start(options, cgroups, plan);
            }
            catch (Win32Exception refused)
            {
                first ??= ExitTraceErrors.Refused(refused, messages.Warnings);
                if (first.Error is ExitTraceError.NoPrivilege or ExitTraceError.Lockdown)
                    throw first;
            }
        }
        throw first!;
    }

    /// <summary>Detaches at once: from here on the kernel sends nothing. What was sent can still be read.</summary>
    internal void Detach()
    {
        foreach (BpfLink link in links)
            link.Dispose();
    }

    public void Dispose()
    {
        Detach();
        Source?.Dispose();
        bpf.Dispose();
    }

    /// <summary>The inode number of the caller's PID namespace, 0 for the first.</summary>
    private static uint OwnPidNamespace =>
        FileIdentity.Inode("/proc/self/ns/pid") is { } own and not FirstPidNamespace ? (uint)own : 0;

    private static ExitProgram Start(ExitTraceOptions options, CgroupHierarchy cgroups, Plan plan)
    {
        ExitProgram program = new(BpfObject.Open(Image(), "exitsnoop", options.BtfPath), plan, cgroups);
        try
        {
            program.Configure(options, cgroups, plan);
            program.bpf.Load();
            program.Fill(options, cgroups);
            program.Source = program.OpenSource(options.BufferSize);
            foreach (string name in plan.Programs(options).Where(name => name != DescendantsProgram))
                program.links.Add(program.bpf.Attach(name));
            return program;
        }
        catch
        {
            program.Dispose();
            throw;
        }
    }

    private void Configure(ExitTraceOptions options, CgroupHierarchy cgroups, Plan plan)
    {
        bpf.SelectPrograms(plan.Programs(options));

        ref ExitConfig config = ref bpf.Section<ExitConfig>(".rodata");
        config = ExitConfig.From(options);
        config.HasGroupDead = plan.HasGroupDead ? (byte)1 : (byte)0;
        config.CgroupSource = cgroups.Source;
        config.CgroupHierarchy = cgroups.Id;
        config.PidNamespace = OwnPidNamespace;

        int rings = plan.PerfBuffer ? 1 : RingCount(options.BufferSize);
        config.RingMask = (uint)rings - 1;
        for (int i = 0; i < RingsMax; i++)
            SizeOrOmit($"events_{i}", i < rings ? (uint)(options.BufferSize << 20) / (uint)rings : 0);
        if (plan.PerfBuffer)
        {
            // The boot clock's helper and the ring buffer came with the same kernel, 5.8.
            config.PerfBuffer = config.MonotonicClock = 1;
            bpf.MakePerfEventArray("events_0");
        }

        uint descendants = options.IncludeChildren ? options.DescendantsMax ?? DescendantsMax : 0;
        SizeOrOmit("ids", Math.Max(descendants, (uint)options.Ids.Count));
        SizeOrOmit("parents", (uint)options.ParentIds.Count);
        SizeOrOmit("users", (uint)options.Users.Count);
        // A cgroup can have been made anew before the one that it replaces is taken out.
        SizeOrOmit("cgroups", options.Cgroup is null ? 0u : 2);
        if (plan.HasGroupDead)
            bpf.Omit("claims");
        if (!options.PerThread || options.Ids.Count == 0)
            bpf.Omit("departed");
        if (options.Basic)
        {
            bpf.Omit("senders");
            bpf.Omit("scratch");
        }
    }

    private IRecordSource OpenSource(int mebibytes)
    {
        int bytes = mebibytes << 20;
        if (PerfBuffer)
            return new PerfBuffer(bpf.MapFd("events_0"), (int)BitOperations.RoundUpToPowerOf2((uint)(bytes / LibBpf.libbpf_num_possible_cpus())));
        int[] rings = [.. Enumerable.Range(0, RingCount(mebibytes)).Select(i => bpf.MapFd($"events_{i}"))];
        return new RingBuffers(rings, bytes / rings.Length, SharedFd);
    }

    /// <summary>
    /// One for each processor, as far as they go and none is smaller than 1 MiB; a power of two, as the program
    /// takes the last bits of a processor's number.
    /// </summary>
    private static int RingCount(int mebibytes) =>
        (int)Math.Min(BitOperations.RoundUpToPowerOf2((uint)LibBpf.libbpf_num_possible_cpus()), (uint)Math.Min(RingsMax, mebibytes));

    private void SizeOrOmit(string map, uint count)
    {
        if (count == 0)
            bpf.Omit(map);
        else
            bpf.SetMaxEntries(map, count);
    }

    private void Fill(ExitTraceOptions options, CgroupHierarchy cgroups)
    {
        if (options.ParentIds.Count > 0)
        {
            BpfMap<uint, byte> parents = new(bpf.MapFd("parents"));
            foreach (int id in options.ParentIds)
                parents.Set((uint)id, 1);
        }
        if (options.Users.Count > 0)
        {
            BpfMap<uint, byte> users = new(bpf.MapFd("users"));
            foreach (uint id in options.Users)
                users.Set(id, 1);
        }
        if (options.Cgroup is not null)
            Cgroups.Set(cgroups.IdOf(options.Cgroup), 1);
    }

    /// <summary>The ways to load, the best first.</summary>
    private static IEnumerable<Plan> Plans(ExitTraceOptions options)
    {
        ExitProgramFallbacks without = options.Fallbacks;
        bool perfBuffer = without.HasFlag(ExitProgramFallbacks.PerfBuffer)
            || LibBpf.libbpf_probe_bpf_map_type(LibBpf.MapType.RingBuffer, 0) == 0;

        // The argument came with 6.16. The release is only a guess at it, saving a look through all
        // the kernel's types: where it is wrong, the kernel refuses the load or the attachment.
        bool groupDead = !without.HasFlag(ExitProgramFallbacks.NoGroupDead)
            && Environment.OSVersion.Version >= new Version(6, 16);
        bool typed = !without.HasFlag(ExitProgramFallbacks.RawTracepoint) && KernelTypeInfo.InKernel;

        bool whole = !options.Basic || options.Cgroup is not null || OwnPidNamespace != 0;

        // In a program of its own, which looks at nothing else where nothing failed.
        bool nonzero = options is { Failed: true, PerThread: false, Ids.Count: 0 };

        foreach (bool tryTyped in typed ? [true, false] : new[] { false })
        {
            if (groupDead)
                yield return new Plan(tryTyped, whole, nonzero && tryTyped, HasGroupDead: true, perfBuffer);
            yield return new Plan(tryTyped, whole, Nonzero: false, HasGroupDead: false, perfBuffer);
        }
    }

    private static byte[] Image()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("exitsnoop.bpf.o")
            ?? throw new InvalidOperationException("The assembly was built without its BPF program.");
        byte[] image = new byte[stream.Length];
        stream.ReadExactly(image);
        return image;
    }

    private sealed record Plan(bool Typed, bool Whole, bool Nonzero, bool HasGroupDead, bool PerfBuffer)
    {
        internal string ExitProgram => (Whole ? "process" : "basic") + (Nonzero ? "_exit_nonzero" : Typed ? "_exit" : "_exit_raw");

        /// <summary>The programs to load, in the order to attach them: the exit last, so that nothing it needs is missed.</summary>
        internal List<string> Programs(ExitTraceOptions options)
        {
            List<string> programs = [];
            if (!options.Basic)
                programs.Add("signal_generate");
            if (!options.Basic && !HasGroupDead)
                programs.Add("process_exec");
            if (options.IncludeChildren)
                programs.AddRange(["process_fork", DescendantsProgram]);
            programs.Add(ExitProgram);
            return programs;
        }
    }
}
