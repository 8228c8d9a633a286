namespace ExitSnoop.Bpf;

/// <summary>Records that were lost, by the place where it happened.</summary>
/// <param name="BufferFull">The ring buffer in the kernel had no room.</param>
/// <param name="NotRun">The kernel did not run the program. It may be that the program would not have sent a record.</param>
/// <param name="QueueFull">The queue in memory had no room.</param>
internal readonly record struct Losses(long BufferFull, long NotRun, long QueueFull)
{
    internal long Total => BufferFull + NotRun + QueueFull;

    public static Losses operator -(Losses now, Losses before) =>
        new(now.BufferFull - before.BufferFull, now.NotRun - before.NotRun, now.QueueFull - before.QueueFull);
}

/// <summary>Counts the records that were lost, each once: where there was no room, or where the program did not run.</summary>
internal sealed unsafe class LossCounter(ExitProgram program)
{
    // struct bpf_prog_info of include/uapi/linux/bpf.h, up to recursion_misses (5.12).
    private const int ProgramInfoSize = 216, RecursionMissesOffset = 208;

    private readonly ulong[] perProcessor = new ulong[LibBpf.libbpf_num_possible_cpus()];
    private long bufferFull, notRun, queueFull;

    /// <summary>All losses so far.</summary>
    internal Losses Losses => new(Interlocked.Read(ref bufferFull), Interlocked.Read(ref notRun), Interlocked.Read(ref queueFull));

    /// <summary>Counts a record that found the queue in memory full.</summary>
    internal void QueueWasFull() => Interlocked.Increment(ref queueFull);

    /// <summary>Reads the kernel's counts; false where nothing was lost since the last time.</summary>
    internal bool Update()
    {
        uint zero = 0;
        ulong lost = 0, missed = 0;
        fixed (ulong* values = perProcessor)
        {
            if (LibBpf.bpf_map_lookup_elem(program.LostFd, &zero, values) == 0)
                foreach (ulong value in perProcessor)
                    lost += value;
        }

        // The kernel does not run a program within itself on one processor, which can happen where
        // tracepoints can be preempted. It counts those runs, and so they are not lost silently.
        byte* info = stackalloc byte[ProgramInfoSize];
        new Span<byte>(info, ProgramInfoSize).Clear();
        uint size = ProgramInfoSize;
        if (LibBpf.bpf_obj_get_info_by_fd(program.ExitProgramFd, info, ref size) == 0 && size >= ProgramInfoSize)
            missed = *(ulong*)(info + RecursionMissesOffset);

        return (Interlocked.Exchange(ref bufferFull, (long)lost) != (long)lost)
            | (Interlocked.Exchange(ref notRun, (long)missed) != (long)missed);
    }
}
