namespace ExitSnoop.Bpf;

/// <summary>Records that were lost, by the place where it happened.</summary>
/// <param name="BufferFull">The ring buffer in the kernel had no room.</param>
/// <param name="NotRun">
/// The kernel did not run the program, as it runs none within itself on one CPU. It may be that the program would not
/// have sent a record: it is what applies the filters, and knows which thread is the last of its process.
/// </param>
/// <param name="QueueFull">The queue in memory had no room.</param>
/// <param name="NotWatched">The kernel's map of watched processes had no room for a descendant.</param>
/// <param name="ForksNotRun">The kernel did not run the program at a fork: a descendant may not be watched.</param>
internal readonly record struct Losses(long BufferFull, long NotRun, long QueueFull, long NotWatched = 0, long ForksNotRun = 0)
{
    internal long Total => BufferFull + NotRun + QueueFull + NotWatched + ForksNotRun;

    public static Losses operator -(Losses now, Losses before) => new(
        now.BufferFull - before.BufferFull, now.NotRun - before.NotRun, now.QueueFull - before.QueueFull,
        now.NotWatched - before.NotWatched, now.ForksNotRun - before.ForksNotRun);
}

/// <summary>Counts the records that were lost, each once: where there was no room, or where the program did not run.</summary>
internal sealed unsafe class LossCounter(ExitProgram program)
{
    // struct bpf_prog_info of include/uapi/linux/bpf.h, up to recursion_misses (5.12).
    private const int ProgramInfoSize = 216, RecursionMissesOffset = 208;

    // enum loss of bpf/record.h
    private const uint LostRecord = 0, LostDescendant = 1;

    private readonly ulong[] perProcessor = new ulong[LibBpf.libbpf_num_possible_cpus()];
    private readonly int[] exitPrograms = [.. program.ExitProgramFds], forkPrograms = [.. program.ForkProgramFds];
    private long bufferFull, notRun, queueFull, notWatched, forksNotRun;

    /// <summary>All losses so far.</summary>
    internal Losses Losses => new(
        Interlocked.Read(ref bufferFull), Interlocked.Read(ref notRun), Interlocked.Read(ref queueFull), Interlocked.Read(ref notWatched),
        Interlocked.Read(ref forksNotRun));

    /// <summary>Counts a record that found the queue in memory full.</summary>
    internal void QueueWasFull() => Interlocked.Increment(ref queueFull);

    /// <summary>Reads the kernel's counts; false where nothing was lost since the last time.</summary>
    internal bool Update()
    {
        return Set(ref bufferFull, Sum(LostRecord))
            | Set(ref notWatched, Sum(LostDescendant))
            | Set(ref notRun, MissedByAll(exitPrograms))
            | Set(ref forksNotRun, MissedByAll(forkPrograms));
    }

    private static bool Set(ref long count, long value) => Interlocked.Exchange(ref count, value) != value;

    /// <summary>
    /// How often, at most, the kernel ran none of some programs that do for each other. It counts for each how often
    /// it did not run it, so no more was missed by all than by the best of them.
    /// </summary>
    private static long MissedByAll(int[] programs)
    {
        long least = programs.Length == 0 ? 0 : long.MaxValue;
        byte* info = stackalloc byte[ProgramInfoSize];
        foreach (int fd in programs)
        {
            new Span<byte>(info, ProgramInfoSize).Clear();
            uint size = ProgramInfoSize;
            bool known = LibBpf.bpf_obj_get_info_by_fd(fd, info, ref size) == 0 && size >= ProgramInfoSize;
            least = Math.Min(least, known ? *(long*)(info + RecursionMissesOffset) : 0);
        }
        return least;
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
