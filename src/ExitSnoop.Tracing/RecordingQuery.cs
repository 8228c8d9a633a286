using ExitSnoop.Crash;
using ExitSnoop.Recording;
using ExitSnoop.Records;

namespace ExitSnoop;

/// <summary>A query of recordings: selects exits and makes events of them.</summary>
/// <param name="options">The options of the caller.</param>
/// <param name="tell">Receives findings, and whether their times are shown in UTC.</param>
/// <param name="cancellation">Cancels the query.</param>
internal sealed class RecordingQuery(ExitRecordingOptions options, Action<Finding, bool> tell, CancellationToken cancellation)
{
    private readonly RecordFilter filter = new(options.Filter);
    private readonly ExitFilter? detailed = ExitFilter.IsSet(options.Filter) ? new ExitFilter(options.Filter) : null;

    internal ExitRecordingOptions Options => options;

    internal CancellationToken Cancellation => cancellation;

    internal long After { get; } = options.After is { } after ? Nanoseconds(after) : long.MinValue;

    internal long Before { get; } = options.Before is { } before ? Nanoseconds(before) : long.MaxValue;

    internal void Tell(Finding finding) => tell(finding, options.Filter.Utc);

    internal IEnumerable<ExitEvent> Limit(IEnumerable<ExitEvent> events) => options.Filter.MaxEvents is { } most ? events.Take((int)Math.Min(most, int.MaxValue)) : events;

    /// <summary>The exits of a block that match the query, from an index on.</summary>
    internal IEnumerable<ExitEvent> Events(RecordedBlock block, SegmentHead head, int from, bool oldestFirst)
    {
        cancellation.ThrowIfCancellationRequested();
        RecordOrigin? origin = null;
        for (int i = from; i < block.Count; i++)
        {
            int index = oldestFirst ? i : block.Count - 1 - (i - from);
            if (!IsWanted(block, index))
                continue;
            origin ??= new RecordOrigin(head.Host, head.PageSize, block.Users);
            ExitEvent exit = new(block.Exit(index).ToArray(), null, block.WallOffset(index), options.Filter.Utc, options.Filter.Label, origin);
            if (block.Crash(index) is { IsEmpty: false } crash)
                exit.CrashReport = Report(crash);
            if (detailed is null || detailed.Wants(exit))
                yield return exit;
        }
    }

    private CrashReport? Report(ReadOnlySpan<byte> crash) =>
        CrashJson.Read(crash) is { } report ? report with { StackTrace = options.Filter.StackTrace ? report.StackTrace : null } : null;

    /// <summary>Whether an event that was read from JSON matches the query.</summary>
    internal bool IsWanted(ExitEvent exit) =>
        Nanoseconds(exit.ExitMoment) is var wall && wall >= After && wall <= Before && filter.Wants(exit) && (detailed is null || detailed.Wants(exit));

    private bool IsWanted(RecordedBlock block, int index) =>
        RecordView.TryParse(block.Exit(index), out RecordView view)
        && (long)view.Record.ExitTime + block.WallOffset(index) is var wall && wall >= After && wall <= Before
        && filter.Wants(view);

    private static long Nanoseconds(DateTimeOffset time)
    {
        // A time beyond this limit is before or after every recorded exit.
        const long furthest = long.MaxValue / TimeSpan.NanosecondsPerTick;
        return Math.Clamp(time.UtcTicks - DateTime.UnixEpoch.Ticks, -furthest, furthest) * TimeSpan.NanosecondsPerTick;
    }
}
