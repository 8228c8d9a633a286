namespace ExitSnoop.Testing;

/// <summary>
/// Limits of time, judged by the median of several runs: one lucky or one unlucky run decides nothing. Where
/// other processes take the processors, more runs are made.
/// </summary>
internal static class MedianTime
{
    private const int LeastRuns = 3, MostRuns = 9;

    internal static void AssertWithin(TimeSpan limit, Func<TimeSpan> run)
    {
        List<TimeSpan> times = [];
        while (times.Count < MostRuns)
        {
            times.Add(run());
            if (times.Count >= LeastRuns && times.Count % 2 == 1 && times.Order().ElementAt(times.Count / 2) <= limit)
                return;
        }
        Assert.Fail($"The median is over {limit.TotalMilliseconds} ms: {string.Join(", ", times.Select(time => $"{time.TotalMilliseconds:f1}"))} ms.");
    }
}
