using System.Globalization;
using ExitSnoop.Bpf;

namespace ExitSnoop;

/// <summary>
/// Decides when a loss is reported and in which words: the first loss immediately, later ones at most once a second,
/// and the sum at the end of the trace.
/// </summary>
/// <param name="bufferSize">The size of the kernel's ring buffers in MiB.</param>
/// <param name="queueSize">The size of the queue in memory in bytes.</param>
/// <param name="isFiltered">Whether events are filtered outside of the kernel (<see cref="ExitFilter"/>), so that some lost ones were unwanted.</param>
/// <param name="clock">A monotonic clock in milliseconds.</param>
internal sealed class LossReport(int bufferSize, long queueSize, bool isFiltered, Func<long> clock)
{
    private const long Interval = 1000;

    private Losses reported;
    private long reportedAt;
    private bool totalReported;

    /// <summary>How long until a loss must be reported; infinite if there is none.</summary>
    internal TimeSpan UntilDue(Losses losses)
    {
        if (losses == reported)
            return Timeout.InfiniteTimeSpan;
        return reported == default ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Max(0, reportedAt + Interval - clock()));
    }

    /// <summary>The loss to report now; null if there is none.</summary>
    /// <param name="losses">All losses since the start.</param>
    /// <param name="completed">Whether the trace has ended.</param>
    internal ExitTraceLoss? Take(Losses losses, bool completed)
    {
        if (losses == default || totalReported)
            return null;
        // The first loss is reported with its cause even at the end of the trace.
        if (UntilDue(losses) == TimeSpan.Zero && (!completed || reported == default))
        {
            ExitTraceLoss loss = Make(losses - reported);
            reported = losses;
            reportedAt = clock();
            return loss;
        }
        if (!completed)
            return null;
        totalReported = true;
        return new ExitTraceLoss
        {
            Count = losses.Total,
            IsTotal = true,
            IsUpperBound = IsUpperBound(losses),
            Message = $"{Number(losses)} lost in all.",
        };
    }

    private ExitTraceLoss Make(Losses losses)
    {
        List<string> causes = [], remedies = [];
        if (losses.BufferFull > 0)
        {
            causes.Add($"the kernel's buffer of {bufferSize} MiB was full");
            remedies.Add("a larger buffer (-BufferSize, --buffer-size)");
        }
        if (losses.QueueFull > 0)
            causes.Add($"the queue of {queueSize >> 20} MiB in memory was full");
        if (losses.BufferFull + losses.QueueFull > 0)
            remedies.AddRange(["a filter", "fewer details (-Basic, --basic)", "a faster reader"]);
        if (losses.NotWatched > 0)
            causes.Add("the kernel's map of watched processes had no room for more descendants");
        if (losses.NotRun > 0)
            causes.Add("the kernel did not run the BPF program for them");
        if (losses.ForksNotRun > 0)
            causes.Add("the kernel did not run the BPF program for some forks, so descendants may be missing");
        string advice = remedies.Count == 0 ? "" : $" What helps: {string.Join(", ", remedies)}.";
        return new ExitTraceLoss
        {
            Count = losses.Total,
            IsTotal = false,
            IsUpperBound = IsUpperBound(losses),
            Message = $"{Number(losses)} lost: {string.Join(", and ", causes)}.{advice}",
        };
    }

    private string Number(Losses losses) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(IsUpperBound(losses) ? "Up to " : "")}{losses.Total} {(losses.Total == 1 ? "event was" : "events were")}");

    // A program that did not run could not apply the filters, nor find out whether the thread was the last one.
    private bool IsUpperBound(Losses losses) => losses.NotRun > 0 || losses.ForksNotRun > 0 || isFiltered;
}
