using System.ComponentModel;
using System.Numerics;
using System.Reflection;
using ExitSnoop.Linux;

namespace ExitSnoop.Bpf;

/// <summary>
/// The BPF programs of a trace, loaded and attached in the best way that the kernel allows. Disposing this object
/// detaches and unloads them.
/// </summary>
internal sealed class ExitProgram : IDisposable
{
    /// <summary>PROC_PID_INIT_INO of include/linux/proc_ns.h: the inode number of the first PID namespace.</summary>
    private const ulong FirstPidNamespace = 0xEFFFFFFC;

    /// <summary>How many processes can be watched with descendants at the same time.</summary>
    private const uint DescendantsMax = 65536;

    /// <summary>An iterator program. It is not attached at the start; <see cref="FindDescendants"/> runs it.</summary>
    private const string DescendantsProgram = "find_descendants";

    /// <summary>RINGS_MAX of bpf/maps.h: the object has the rings events_0 to events_7.</summary>
    private const int RingsMax = 8;

    private readonly BpfObject bpf;
    private readonly List<BpfLink> links = [];
    private readonly string exitProgram;
    private readonly bool includeChildren;
    private readonly CrashHook crashHook;

    private ExitProgram(BpfObject bpf, ExitHook hook, CrashHook crashHook, ExitProgramOptions options, CgroupHierarchy hierarchy)
    {
        Hierarchy = hierarchy;
        this.crashHook = crashHook;
        this.bpf = bpf;
        Hook = hook;

        // For basic events in the first PID namespace there is a smaller program, which loads in half the time.
        bool basic = options.Basic && options.Cgroup is null && OwnPidNamespace == 0;

        // For failures there is a program that reads nothing else if the process did not fail.
        bool nonzero = options is { Failed: true, PerThread: false, Ids.Count: 0 };
        exitProgram = hook.Program(basic, nonzero) + (crashHook == CrashHook.AtExit ? "_crash" : "");
        includeChildren = options.IncludeChildren;
    }

    /// <summary>Where the program for exits is attached.</summary>
    internal ExitHook Hook { get; }

    /// <summary>The source of the records. It is opened before the programs are attached, so that no record is missed.</summary>
    internal IRecordSource Source { get; set; } = null!;

    /// <summary>The ring of the crash records, each of which is sent before that of its exit; null if crashes are not captured.</summary>
    internal int? CrashRingFd => crashHook == CrashHook.None ? null : bpf.MapFd("crashes");

    /// <summary>The memory that the programs share with the reader.</summary>
    internal SharedMemory Shared { get; private set; } = null!;

    /// <summary>The programs for exits. An exit is missed only if the kernel ran none of them for it.</summary>
    internal IEnumerable<int> ExitProgramFds => ExitPrograms.Select(bpf.ProgramFd);

    /// <summary>The programs for forks. A fork is missed only if the kernel ran none of them. Empty if descendants are not watched.</summary>
    internal IEnumerable<int> ForkProgramFds => ForkPrograms.Select(bpf.ProgramFd);

    /// <summary>The watched processes: PID to start time in nanoseconds of the boot clock, or 0; see bpf/maps.h.</summary>
    internal BpfMap<uint, ulong> Ids => new(bpf.MapFd("ids"));

    /// <summary>The selected cgroups, by their IDs (kernfs_node.id).</summary>
    internal BpfMap<ulong, byte> Cgroups => new(bpf.MapFd("cgroups"));

    /// <summary>The hierarchy of the cgroups.</summary>
    internal CgroupHierarchy Hierarchy { get; }

    /// <summary>
    /// Watches the descendants of the processes in <see cref="Ids"/> that already exist. The fork program adds children
    /// that are forked from now on, so a pass only finds processes that existed before. The number of passes is at
    /// most the number of levels of the tree.
    /// </summary>
    /// <exception cref="Win32Exception">The kernel refused.</exception>
    internal void FindDescendants()
    {
        while (bpf.Iterate(DescendantsProgram) > 0)
        {
        }
    }

    /// <summary>Loads and attaches the programs.</summary>
    /// <param name="options">What to trace.</param>
    /// <param name="cgroups">The cgroup hierarchy of the machine.</param>
    /// <exception cref="LoadRefusedException">The kernel accepted no hook; the error is that of the first one that was tried.</exception>
    /// <exception cref="LibBpfException">There is no libbpf of version 1.0 or later.</exception>
    /// <exception cref="TypeInfoException">There is no type information of the kernel.</exception>
    /// <exception cref="CgroupNotFoundException">There is no such cgroup.</exception>
    internal static ExitProgram Start(ExitProgramOptions options, CgroupHierarchy cgroups)
    {
        LibBpf.Load();
        KernelTypeInfo.Check(options.BtfPath, needsKernelFile: options.IncludeChildren);

        using LibBpfMessages messages = LibBpfMessages.Collect(options.Log);
        LoadRefusedException? first = null;
        foreach (ExitHook hook in ExitHook.Candidates(options.Fallbacks))
        {
            foreach (CrashHook crashHook in options.Crashes ? CrashHooks.Candidates(hook) : [CrashHook.None])
            {
                try
                {
                    return Start(options, cgroups, hook, crashHook);
                }
                catch (Win32Exception refused)
                {
                    // The kernel may refuse one hook and accept another.
                    first ??= new LoadRefusedException(refused, messages.Warnings);
                }
            }
        }
        throw first!;
    }

    /// <summary>Called after the programs were detached and before the maps are closed.</summary>
    internal Action? Unloading { get; set; }

    /// <summary>Detaches the programs immediately. Records that were already sent can still be read.</summary>
    internal void Detach()
    {
        // In reverse order: the second hook is detached before the first, because LossCounter compares their counts.
        foreach (BpfLink link in Enumerable.Reverse(links))
            link.Dispose();
    }

    public void Dispose()
    {
        Detach();
        Unloading?.Invoke();
        Source?.Dispose();
        Shared?.Dispose();
        bpf.Dispose();
    }

    /// <summary>The inode number of this process's PID namespace; 0 for the first PID namespace.</summary>
    private static uint OwnPidNamespace =>
        FileIdentity.Inode("/proc/self/ns/pid") is { } own and not FirstPidNamespace ? (uint)own : 0;

    private static ExitProgram Start(ExitProgramOptions options, CgroupHierarchy cgroups, ExitHook hook, CrashHook crashHook)
    {
        ExitProgram program = new(BpfObject.Open(Image(crashHook == CrashHook.None ? "exitsnoop.bpf.o" : "crash.bpf.o"), "exitsnoop", options.BtfPath), hook, crashHook, options, cgroups);
        try
        {
            program.Configure(options, cgroups);
            program.bpf.Load();
            program.Fill(options, cgroups);
            program.Shared = new SharedMemory(program.bpf.MapFd(".bss"));
            program.Source = program.OpenRings(options.BufferSize);
            foreach (string name in program.Programs(options).Where(name => name != DescendantsProgram))
                program.links.Add(program.Attach(name));
            return program;
        }
        catch
        {
            program.Dispose();
            throw;
        }
    }

    private IEnumerable<string> ExitPrograms => Hook.HasSecond ? [exitProgram, "process_exit_raw"] : [exitProgram];

    private IEnumerable<string> ForkPrograms =>
        !includeChildren ? [] : Hook.MaySkipForks ? ["process_fork", "process_fork_kprobe"] : ["process_fork"];

    /// <summary>The programs to load, in the order in which they are attached: those for exits last, because they use what the others store.</summary>
    private List<string> Programs(ExitProgramOptions options)
    {
        List<string> programs = [];
        if (!options.Basic)
            programs.AddRange(["signal_generate", crashHook == CrashHook.None ? "signal_deliver" : "signal_deliver_crash"]);
        if (!options.Basic && Hook.IsAfterMemory)
            programs.Add("process_exec");
        if (crashHook == CrashHook.AtCoreDump)
            programs.Add(CrashHooks.CoreDumpProgram);
        programs.AddRange(ForkPrograms);
        if (options.IncludeChildren)
            programs.Add(DescendantsProgram);
        programs.AddRange(ExitPrograms);
        return programs;
    }

    private BpfLink Attach(string program) =>
        program == "process_fork_kprobe" ? bpf.AttachKprobe(program, "wake_up_new_task")
        : program == exitProgram && Hook.AttachType == "kprobe.multi" ? bpf.AttachKprobe(program, Hook.Point)
        : bpf.Attach(program);

    private void Configure(ExitProgramOptions options, CgroupHierarchy cgroups)
    {
        bpf.SelectPrograms(Programs(options));
        if (Hook.AttachType == "fentry")
            bpf.MoveToFunction(exitProgram, Hook.Point);

        ref ExitConfig config = ref bpf.Section<ExitConfig>(".rodata");
        config = options.Config;
        config.HasGroupDead = Hook.TracepointHasGroupDead ? (byte)1 : (byte)0;
        config.TwoHooks = Hook.HasSecond ? (byte)1 : (byte)0;
        config.CrashHook = crashHook;
        config.HasUserPath = Environment.OSVersion.Version >= new Version(6, 8) ? (byte)1 : (byte)0;
        config.CgroupSource = cgroups.Source;
        config.CgroupHierarchy = cgroups.Id;
        config.PidNamespace = OwnPidNamespace;

        int rings = RingCount(options.BufferSize);
        config.RingMask = (uint)rings - 1;
        for (int i = 0; i < RingsMax; i++)
            SizeOrOmit($"events_{i}", i < rings ? (uint)(options.BufferSize << 20) / (uint)rings : 0);

        uint descendants = options.IncludeChildren ? options.DescendantsMax ?? DescendantsMax : 0;
        SizeOrOmit("ids", Math.Max(descendants, (uint)options.Ids.Count));
        SizeOrOmit("parents", (uint)options.ParentIds.Count);
        SizeOrOmit("users", (uint)options.Users.Count);
        // A cgroup that is created again is added to the map before the old one is removed.
        SizeOrOmit("cgroups", options.Cgroup is null ? 0u : 2);
        if (!Hook.Claims)
            bpf.Omit("claims");
        else
            SizeLeastRecentlyUsed("claims", 16384);
        if (!Hook.HasSecond)
            bpf.Omit("seen");
        if (options is { PerThread: true, Ids.Count: > 0 })
            SizeLeastRecentlyUsed("departed", 16384);
        else
            bpf.Omit("departed");
        if (crashHook != CrashHook.None)
            SizeLeastRecentlyUsed("handled_signals", 1024);
        if (crashHook == CrashHook.AtCoreDump)
            bpf.Omit("deliveries");
        if (options.Basic)
        {
            bpf.Omit("senders");
            bpf.Omit("kernel_kills");
            // Before 6.8 the kernel verifies a global function (add_unreleased() in bpf/resources.h) even if no branch that is
            // taken calls it, and that function uses this map.
            if (ExitPrograms.All(name => name.StartsWith("basic_", StringComparison.Ordinal)))
                bpf.Omit("scratch");
        }
        else
        {
            SizeLeastRecentlyUsed("senders", 8192);
            SizeLeastRecentlyUsed("kernel_kills", 1024);
        }
    }

    private RingBuffers OpenRings(int mebibytes)
    {
        int[] rings = [.. Enumerable.Range(0, RingCount(mebibytes)).Select(i => bpf.MapFd($"events_{i}"))];
        return new RingBuffers(rings, (mebibytes << 20) / rings.Length, Shared);
    }

    /// <summary>
    /// One ring per processor, but at most <see cref="RingsMax"/> and none smaller than 1 MiB. It is a power of two,
    /// because the program chooses the ring by the last bits of the processor's number.
    /// </summary>
    private static int RingCount(int mebibytes) =>
        (int)Math.Min(BitOperations.RoundUpToPowerOf2((uint)LibBpf.libbpf_num_possible_cpus()), (uint)Math.Min(RingsMax, mebibytes));

    /// <summary>
    /// Sets the size of an LRU hash map. The kernel reserves LOCAL_FREE_TARGET entries for each processor
    /// (kernel/bpf/bpf_lru_list.c), which are added to the count.
    /// </summary>
    private void SizeLeastRecentlyUsed(string map, uint count)
    {
        const uint heldBack = 128;
        bpf.SetMaxEntries(map, count + (heldBack * (uint)LibBpf.libbpf_num_possible_cpus()));
    }

    private void SizeOrOmit(string map, uint count)
    {
        if (count == 0)
            bpf.Omit(map);
        else
            bpf.SetMaxEntries(map, count);
    }

    private void Fill(ExitProgramOptions options, CgroupHierarchy cgroups)
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

    private static byte[] Image(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The assembly was built without {name}.");
        byte[] image = new byte[stream.Length];
        stream.ReadExactly(image);
        return image;
    }
}
