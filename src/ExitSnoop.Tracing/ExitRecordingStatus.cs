using ExitSnoop.Recording;
using ExitSnoop.Records;

namespace ExitSnoop;

/// <summary>What a recording has: since when and until when, how many exits, what is missing, and whether a recorder writes to it now.</summary>
public sealed record ExitRecordingStatus
{
    /// <summary>The directory.</summary>
    public required string Path { get; init; }

    /// <summary>The machine whose exits these are, by the newest segment; control characters are shown as escapes.</summary>
    public required string HostName { get; init; }

    /// <summary>The beginning of the oldest segment, local time; null where no segment can be read.</summary>
    public required DateTime? From { get; init; }

    /// <summary>The last time of which the recording says what happened, local time: at most a minute ago where a recorder runs.</summary>
    public required DateTime? To { get; init; }

    /// <summary>Exits in the recording.</summary>
    public required long Events { get; init; }

    /// <summary>Exits that were lost, could not be written, or cannot be read, as far as their number is known.</summary>
    public required long Lost { get; init; }

    /// <summary>The number of times without a recorder between <see cref="From"/> and <see cref="To"/>.</summary>
    public required int Gaps { get; init; }

    /// <summary>Bytes of all segments.</summary>
    public required long Size { get; init; }

    /// <summary>Which exits are recorded, in words; empty for all.</summary>
    public required string Filters { get; init; }

    /// <summary>Whether a recorder writes to the directory now.</summary>
    public required bool IsRecording { get; init; }

    /// <summary>The process that does; null where there is none, or it is outside of this PID namespace.</summary>
    public required int? RecorderId { get; init; }

    /// <summary>The systemd service that this process belongs to; null where it belongs to none.</summary>
    public required string? ServiceName { get; init; }

    /// <summary>Reads the status of a recording: all headers of its parts, no exits.</summary>
    /// <param name="directory">The directory of the recording.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="ExitRecordingException">There is no recording, or it cannot be read.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public static ExitRecordingStatus Read(string directory, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(directory);
        string path = System.IO.Path.GetFullPath(directory);
        IReadOnlyList<(int Number, string Path)> segments = ExitRecording.SegmentsOf(path);
        long events = 0, lost = 0, size = 0;
        int gaps = 0;
        long? from = null;
        string host = "", filters = "";
        RecordingReader reader = new(segments, long.MinValue, long.MaxValue, oldestFirst: true, finding =>
        {
            gaps += ExitRecordingFinding.IsGapKind(finding.Kind) ? 1 : 0;
            lost += finding.Count ?? 0;
        });
        try
        {
            foreach (SegmentReader segment in reader.Segments())
            {
                cancellation.ThrowIfCancellationRequested();
                from ??= (long)segment.Head.Time + segment.Head.WallOffset;
                host = segment.Head.Host;
                filters = segment.Start?.Text ?? filters;
                size += segment.Length;
                foreach (PartEntry part in segment.Parts)
                    events += part.Exits;
            }
        }
        catch (UnknownFormatException unknown)
        {
            throw ExitRecording.UnknownVersion(path, unknown);
        }
        bool isRecording = RecordingFolder.IsRecording(path);
        int? recorder = isRecording ? RecordingFolder.RecorderOf(path) : null;
        return new ExitRecordingStatus
        {
            Path = path,
            HostName = DisplayText.Escape(host),
            From = Moment(from),
            To = Moment(reader.NewestEnd?.Until),
            Events = events,
            Lost = lost,
            Gaps = gaps,
            Size = size,
            Filters = filters,
            IsRecording = isRecording,
            RecorderId = recorder,
            ServiceName = recorder is { } id ? CgroupNames.OfProcess(id).Select(names => names.ServiceName).FirstOrDefault(name => name is not null) : null,
        };
    }

    private static DateTime? Moment(long? wall) => wall is { } time ? DateTime.UnixEpoch.AddTicks(time / TimeSpan.NanosecondsPerTick).ToLocalTime() : null;
}
