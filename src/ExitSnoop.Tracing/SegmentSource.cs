using ExitSnoop.Linux;
using ExitSnoop.Recording;

namespace ExitSnoop;

/// <summary>A directory with a recording, or single segments of a recording.</summary>
/// <param name="folder">The directory; null for single segments.</param>
/// <param name="segments">The segments, oldest first.</param>
internal sealed class SegmentSource(string? folder, IReadOnlyList<(int Number, string Path)> segments) : IExitSource
{
    public RecordingTail? Tail => folder is null ? null : new RecordingTail(folder, Position.Segment, Position.Parts);

    /// <summary>The number of the newest segment, and how many of its parts were read.</summary>
    private (int Segment, int Parts) Position { get; set; }

    public IEnumerable<ExitEvent> Read(RecordingQuery query, bool oldestFirst)
    {
        RecordingReader reader = new(segments, query.After, query.Before, oldestFirst, query.Tell);
        using IEnumerator<RecordedBlock> blocks = reader.Blocks().GetEnumerator();
        while (MoveNext(blocks))
        {
            Position = reader.Position;
            foreach (ExitEvent exit in query.Events(blocks.Current, reader.Head, 0, oldestFirst))
                yield return exit;
        }
        Position = reader.Position;
        if (folder is not null && reader.NewestEnd is { } end && !RecordingFolder.IsRecording(folder) && query.Before > end.Until)
            query.Tell(new Finding(FindingKind.Ended, end.Until, Math.Min(query.Before, Clocks.Wall())));
    }

    private bool MoveNext(IEnumerator<RecordedBlock> blocks)
    {
        try
        {
            return blocks.MoveNext();
        }
        catch (UnknownFormatException unknown)
        {
            throw ExitRecording.UnknownVersion(folder ?? segments[0].Path, unknown);
        }
    }
}
