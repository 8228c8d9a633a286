namespace ExitSnoop.Bpf;

/// <summary>Records that were lost, by the place where it happened.</summary>
/// <param name="BufferFull">The ring buffer in the kernel had no room.</param>
/// <param name="NotRun">The kernel did not run the program. It may be that the program would not have sent a record.</param>
/// <param name="QueueFull">The queue in memory had no room.</param>
/// <param name="NotWatched">The kernel's map of watched processes had no room for a descendant.</param>
internal readonly record struct Losses(long BufferFull, long NotRun, long QueueFull, long NotWatched = 0)
{
    internal long Total => BufferFull + NotRun + QueueFull + NotWatched;

    public static Losses operator -(Losses now, Losses before) =>
        new(now.BufferFull - before.BufferFull, now.NotRun - before.NotRun, now.QueueFull - before.QueueFull, now.NotWatched - before.NotWatched);
}

/// <summary>Counts the records that were lost, each once: where there was no room, or where the program did not run.</summary>
internal sealed unsafe class LossCounter(ExitProgram program)
{
    // struct bpf_prog_info of include/uapi/linux/bpf.h, up to recursion_misses (5.12).
    private const int ProgramInfoSize = 216, RecursionMissesOffset = 208;

    // enum loss of bpf/record.h
    private const uint LostRecord = 0, LostDescendant = 1;

    private readonly ulong[] perProcessor = new ulong[LibBpf.libbpf_num_possible_cpus()];
    private long bufferFull, notRun, queueFull, notWatched;

    /// <summary>All losses so far.</summary>
    internal Losses Losses => new(
        Interlocked.Read(ref bufferFull), Interlocked.Read(ref notRun), Interlocked.Read(ref queueFull), Interlocked.Read(ref notWatched));

    /// <summary>Counts a record that found the queue in memory full.</summary>
    internal void QueueWasFull() => Interlocked.Increment(ref queueFull);

    /// <summary>Reads the kernel's counts; false where nothing was lost since the last time.</summary>
    internal bool Update()
    {
        long lost = Sum(LostRecord), unwatched = Sum(LostDescendant), missed = 0;

        // The kernel does not run a program within itself on one processor, which can happen where
        // tracepoints can be preempted. It counts those runs, and so they are not lost silently.
        byte* info = stackalloc byte[ProgramInfoSize];
        new Span<byte>(info, ProgramInfoSize).Clear();
        uint size = ProgramInfoSize;
        if (LibBpf.bpf_obj_get_info_by_fd(program.ExitProgramFd, info, ref size) == 0 && size >= ProgramInfoSize)
            missed = *(long*)(info + RecursionMissesOffset);

        return (Interlocked.Exchange(ref bufferFull, lost) != lost)
            | (Interlocked.Exchange(ref notRun, missed) != missed)
            | (Interlocked.Exchange(ref notWatched, unwatched) != unwatched);
    }

    private long Sum(uint what)
    {
        long sum = 0;
        fixed (ulong* values = perProcessor)
        {
            if (LibBpf.bpf_map_lookup_elem(program.LostFd, &what, values) == 0)
                foreach (ulong value in perProcessor)
                    sum += (long)value;
        }
        return sum;
    }
}
