using System.Globalization;
using ExitSnoop.Recording;

namespace ExitSnoop;

/// <summary>A span of time in which exits are missing, or may be missing, in a recording.</summary>
public sealed record ExitRecordingFinding
{
    /// <summary>The beginning of the span, by the wall clock.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>The end of the span, by the wall clock.</summary>
    public required DateTimeOffset Until { get; init; }

    /// <summary>How many exits are missing, at most; null if that is not known.</summary>
    public required long? Count { get; init; }

    /// <summary>Whether nothing was recorded in that time. Then any process may have exited, although there is no event.</summary>
    public required bool IsGap { get; init; }

    /// <summary>A message in whole sentences: what is missing, from when to when, and why.</summary>
    public required string Message { get; init; }

    internal static ExitRecordingFinding Of(Finding finding, bool utc)
    {
        DateTimeOffset since = Moment(finding.Since, utc), until = Moment(finding.Until, utc);
        string span = $"from {Text(since)} to {Text(until)}";
        string count = finding.Count is { } known
            ? string.Create(CultureInfo.InvariantCulture, $"{(finding.IsUpperBound ? "Up to " : "")}{known} {(known == 1 ? "exit" : "exits")}")
            : "Exits";
        string were = finding.Count == 1 && !finding.IsUpperBound ? "was" : "were";
        string why = finding.Text.TrimEnd('.');
        return new ExitRecordingFinding
        {
            Since = since,
            Until = until,
            Count = finding.Count,
            IsGap = IsGapKind(finding.Kind),
            Message = finding.Kind switch
            {
                FindingKind.Stopped => $"Nothing was recorded {span}: the recorder was stopped.",
                FindingKind.StoppedAndRestarted => $"Nothing was recorded {span}: the recorder was stopped, and the machine was restarted.",
                FindingKind.BrokenOff => $"Nothing was recorded {span}: the recorder was killed.",
                FindingKind.Restarted => $"Nothing was recorded {span}: the machine was restarted.",
                FindingKind.Ended => $"Nothing has been recorded since {Text(since)}: no recorder runs.",
                FindingKind.Missing => $"Segments are missing: exits {span} are not in the recording.",
                FindingKind.Lost => $"{count} {span} {were} lost before they could be recorded: {why}.",
                FindingKind.Paused => $"{count} {span} {were} not recorded: {why}.",
                FindingKind.Doubtful => $"What was recorded {span} may be incomplete after a power failure: fsync failed ({why}).",
                FindingKind.Damaged => $"{count} {span} cannot be read: {why} is damaged.",
                _ => $"{why}.",
            },
        };
    }

    internal static bool IsGapKind(FindingKind kind) => kind <= FindingKind.Missing;

    private static DateTimeOffset Moment(long wall, bool utc)
    {
        DateTime time = DateTime.UnixEpoch.AddTicks(wall / TimeSpan.NanosecondsPerTick);
        return utc ? new DateTimeOffset(time) : new DateTimeOffset(time).ToOffset(Linux.LocalTime.OffsetAt(time));
    }

    private static string Text(DateTimeOffset time) => time.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
