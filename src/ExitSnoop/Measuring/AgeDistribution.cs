using System.Numerics;

namespace ExitSnoop.Commands.Measuring;

/// <summary>
/// A histogram of ages, with 16 steps between an age and its double. Percentiles are exact to 4 %, and the memory does not depend on
/// the number of processes.
/// </summary>
internal sealed class AgeDistribution
{
    private const int StepBits = 4;

    /// <summary>In microseconds: below this age a step is one microsecond.</summary>
    private const long ExactBelow = 2 << StepBits;

    private readonly SortedDictionary<int, long> counts = [];
    private long total;

    internal void Add(TimeSpan age)
    {
        int step = Step(Math.Max(0, age.Ticks / TimeSpan.TicksPerMicrosecond));
        counts[step] = counts.GetValueOrDefault(step) + 1;
        total++;
    }

    /// <summary>The age that a part of the processes, from 0 to 1, did not exceed.</summary>
    internal TimeSpan Percentile(double part)
    {
        long rank = Math.Max(1, (long)Math.Ceiling(part * total));
        foreach ((int step, long count) in counts)
            if ((rank -= count) <= 0)
                return TimeSpan.FromMicroseconds(Middle(step));
        return TimeSpan.Zero;
    }

    private static int Step(long microseconds)
    {
        if (microseconds < ExactBelow)
            return (int)microseconds;
        int shift = BitOperations.Log2((ulong)microseconds) - StepBits;
        return (shift << StepBits) + (int)(microseconds >> shift);
    }

    private static double Middle(int step)
    {
        if (step < ExactBelow)
            return step;
        int shift = (step >> StepBits) - 1;
        long low = (long)((step & ((1 << StepBits) - 1)) | (1 << StepBits)) << shift;
        return low + (((1L << shift) - 1) / 2.0);
    }
}
