namespace ExitSnoop.Bpf;

/// <summary>Counts the records that were lost, each once: where there was no room, or where the program did not run.</summary>
internal sealed unsafe class LossCounter(ExitProgram program)
{
    // struct bpf_prog_info of include/uapi/linux/bpf.h, up to recursion_misses (5.12).
    private const int ProgramInfoSize = 216, RecursionMissesOffset = 208;

    private readonly ulong[] perProcessor = new ulong[LibBpf.libbpf_num_possible_cpus()];
    private long inKernel;
    private long inQueue;

    /// <summary>All losses so far.</summary>
    internal long Total => Interlocked.Read(ref inKernel) + Interlocked.Read(ref inQueue);

    /// <summary>Counts a record that found the queue in memory full.</summary>
    internal void QueueWasFull() => Interlocked.Increment(ref inQueue);

    /// <summary>Reads the kernel's counts; false where nothing was lost since the last time.</summary>
    internal bool Update()
    {
        uint zero = 0;
        ulong lost = 0;
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
            lost += *(ulong*)(info + RecursionMissesOffset);

        return Interlocked.Exchange(ref inKernel, (long)lost) != (long)lost;
    }
}
