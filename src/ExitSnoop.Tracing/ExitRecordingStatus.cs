using ExitSnoop.Recording;
using ExitSnoop.Records;

namespace ExitSnoop;

/// <summary>Describes a recording: its span of time, how many exits it has, how many are missing, and whether a recorder writes to it now.</summary>
public sealed record ExitRecordingStatus
{
    /// <summary>The directory.</summary>
    public required string Path { get; init; }

    /// <summary>The host name in the newest segment, with control characters escaped.</summary>
    public required string HostName { get; init; }

    /// <summary>The beginning of the oldest segment in local time; null if no segment can be read.</summary>
    public required DateTime? From { get; init; }

    /// <summary>The time until which the recording is complete, in local time: at most a minute ago while a recorder runs.</summary>
    public required DateTime? To { get; init; }

    /// <summary>How many exits are in the recording.</summary>
    public required long Events { get; init; }

    /// <summary>How many exits were lost, could not be written, or cannot be read, as far as the number is known.</summary>
    public required long Lost { get; init; }

    /// <summary>The number of times between <see cref="From"/> and <see cref="To"/> in which no recorder ran or a segment is missing.</summary>
    public required int Gaps { get; init; }

    /// <summary>The size of all segments in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>The filters of the recorder in words; empty if all exits are recorded.</summary>
    public required string Filters { get; init; }

    /// <summary>Whether a recorder has locked the directory now.</summary>
    public required bool IsRecording { get; init; }

    /// <summary>The process ID of that recorder; null if there is none, or if it is outside of the PID namespace of this process.</summary>
    public required int? RecorderId { get; init; }

    /// <summary>The systemd service of that recorder; null if it is in no service.</summary>
    public required string? ServiceName { get; init; }

    /// <summary>Reads the status of a recording. Reads all headers in its segments, but no exits.</summary>
    /// <param name="directory">The directory of the recording.</param>
    /// <param name="cancellation">Cancels the reading.</param>
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
