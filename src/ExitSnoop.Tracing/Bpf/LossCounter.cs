namespace ExitSnoop.Bpf;

/// <summary>How many records were lost, by the place of the loss.</summary>
/// <param name="BufferFull">The ring buffer in the kernel had no room.</param>
/// <param name="NotRun">
/// The kernel did not run the program, because it was already running on that CPU. This is an upper bound: the program might not
/// have sent a record, because it applies the filters and reports only the last thread of a process.
/// </param>
/// <param name="QueueFull">The queue in memory had no room.</param>
/// <param name="NotWatched">The kernel's map of watched processes had no room for a descendant.</param>
/// <param name="ForksNotRun">The kernel did not run the program for a fork, so a descendant may not be watched.</param>
internal readonly record struct Losses(long BufferFull, long NotRun, long QueueFull, long NotWatched = 0, long ForksNotRun = 0)
{
    internal long Total => BufferFull + NotRun + QueueFull + NotWatched + ForksNotRun;

    public static Losses operator -(Losses now, Losses before) => new(
        now.BufferFull - before.BufferFull, now.NotRun - before.NotRun, now.QueueFull - before.QueueFull,
        now.NotWatched - before.NotWatched, now.ForksNotRun - before.ForksNotRun);
}

/// <summary>Counts lost records, each of them once.</summary>
internal sealed unsafe class LossCounter(ExitProgram program)
{
    // struct bpf_prog_info of include/uapi/linux/bpf.h, up to recursion_misses (5.12).
    private const int ProgramInfoSize = 216, RecursionMissesOffset = 208;

    // enum loss of bpf/record.h
    private const int LostRecord = 0, LostDescendant = 1, SecondOnly = 2;

    private readonly int[] exitPrograms = [.. program.ExitProgramFds], forkPrograms = [.. program.ForkProgramFds];
    private long bufferFull, notRun, queueFull, notWatched, forksNotRun;
    private long skippedByFirst, underWay;

    /// <summary>All losses since the start of the trace. Can be called on any thread.</summary>
    internal Losses Losses => new(
        Interlocked.Read(ref bufferFull), Interlocked.Read(ref notRun), Interlocked.Read(ref queueFull), Interlocked.Read(ref notWatched),
        Interlocked.Read(ref forksNotRun));

    /// <summary>Counts a record for which the queue in memory had no room.</summary>
    internal void QueueWasFull() => Interlocked.Increment(ref queueFull);

    /// <summary>Reads the kernel's counters; returns false if nothing was lost since the last call.</summary>
    /// <param name="detached">Whether the programs are detached, so that the counters are final.</param>
    internal bool Update(bool detached = false)
    {
        return Set(ref bufferFull, Count(LostRecord))
            | Set(ref notWatched, Count(LostDescendant))
            | Set(ref notRun, exitPrograms.Length == 2 ? SkippedByBoth(detached) : MissedByAll(exitPrograms))
            | Set(ref forksNotRun, MissedByAll(forkPrograms));
    }

    /// <summary>
    /// How often both programs for exits were skipped for a thread: the number of skips of the first program, less the number of
    /// times that only the second ran. A thread reaches the second hook shortly after the first, so skips of the first count from
    /// the next call on. Threads that were between the two hooks when the programs were attached never reached the first.
    /// </summary>
    private long SkippedByBoth(bool detached)
    {
        long bySecondAlone = Count(SecondOnly);
        long byFirst = Missed(exitPrograms[0]);
        underWay = Math.Max(underWay, bySecondAlone - byFirst);
        long both = (detached ? byFirst : skippedByFirst) - bySecondAlone + underWay;
        skippedByFirst = byFirst;
        return Math.Max(notRun, Math.Min(both, Missed(exitPrograms[1])));
    }

    private static bool Set(ref long count, long value) => Interlocked.Exchange(ref count, value) != value;

    /// <summary>
    /// An upper bound for how often the kernel ran none of several programs that replace each other. The kernel counts the skips of
    /// each program, so all were skipped at most as often as the one with the fewest skips.
    /// </summary>
    private static long MissedByAll(int[] programs)
    {
        long least = programs.Length == 0 ? 0 : long.MaxValue;
        foreach (int fd in programs)
            least = Math.Min(least, Missed(fd));
        return least;
    }

    private static long Missed(int program)
    {
        byte* info = stackalloc byte[ProgramInfoSize];
        new Span<byte>(info, ProgramInfoSize).Clear();
        uint size = ProgramInfoSize;
        bool known = LibBpf.bpf_obj_get_info_by_fd(program, info, ref size) == 0 && size >= ProgramInfoSize;
        return known ? *(long*)(info + RecursionMissesOffset) : 0;
    }

    private long Count(int what) => Volatile.Read(ref program.Shared.Lost(what));
}
