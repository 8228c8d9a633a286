using System.ComponentModel;
using ExitSnoop.Linux;

namespace ExitSnoop.Recording;

/// <summary>
/// Reads the segments of one recording, oldest or newest first: the blocks that overlap a span of time, and the
/// findings about that span.
/// </summary>
/// <param name="segments">The files, oldest first.</param>
/// <param name="after">The beginning of the span, in nanoseconds of Unix time.</param>
/// <param name="before">The end of the span, in nanoseconds of Unix time.</param>
/// <param name="oldestFirst">Whether to read the oldest block first; otherwise the newest.</param>
/// <param name="tell">Receives the findings.</param>
internal sealed class RecordingReader(
    IReadOnlyList<(int Number, string Path)> segments, long after, long before, bool oldestFirst, Action<Finding> tell)
{
    private Edge? last;

    /// <summary>The number of the newest segment, and how many of its parts were read, so that <see cref="RecordingTail"/> can continue there.</summary>
    internal (int Segment, int Parts) Position { get; private set; }

    /// <summary>Whether the newest segment has the note that the recorder was stopped, and the end of that segment in nanoseconds of Unix time.</summary>
    internal (bool IsStopped, long Until)? NewestEnd { get; private set; }

    /// <summary>The head of the segment of the last block.</summary>
    internal SegmentHead Head { get; private set; } = new();

    /// <summary>The blocks. The same object is returned for each of them.</summary>
    internal IEnumerable<RecordedBlock> Blocks()
    {
        RecordedBlock block = new();
        foreach (SegmentReader segment in Segments())
        {
            foreach (int first in BlocksOf(segment))
            {
                segment.Read(first, block);
                if (block.Damage is { } damage)
                    Tell(damage, segment.Path);
                if (block.Count > 0)
                    yield return block;
            }
        }
    }

    /// <summary>The segments that overlap the span, with their parts. Each is closed when the next one is requested.</summary>
    internal IEnumerable<SegmentReader> Segments()
    {
        foreach ((int number, string path) in oldestFirst ? segments : segments.Reverse())
        {
            using SegmentReader? segment = Open(number, path);
            if (segment is null)
                continue;
            Edge edge = new(segment);
            bool isNewest = number == segments[^1].Number;
            if (edge.Overlaps(after, before) || segment.End is null || isNewest)
            {
                segment.Scan();
                edge = new Edge(segment);
            }
            if (isNewest)
            {
                Position = (number, segment.Parts.Count);
                NewestEnd = (segment.End is { GoesOn: false }, edge.EndWall);
            }
            if (last is not null)
                Compare(oldestFirst ? last : edge, oldestFirst ? edge : last);
            last = edge;
            if (!edge.Overlaps(after, before))
                continue;
            Head = segment.Head;
            foreach (Note note in segment.Notes)
                Tell(note);
            foreach (Damage damage in segment.Damages)
                Tell(damage, path);
            yield return segment;
        }
    }

    /// <summary>Opens a segment. If it cannot be read, reports that and returns null.</summary>
    private SegmentReader? Open(int number, string path)
    {
        try
        {
            SegmentReader? segment = SegmentReader.Open(path);
            if (segment is null && !(number == segments[^1].Number && RecordingFolder.IsRecording(Path.GetDirectoryName(path)!)))
                tell(new Finding(FindingKind.Unreadable, after, before) { Text = $"{path} is cut off within its head" });
            return segment;
        }
        catch (Exception unreadable) when (unreadable is Win32Exception or NotASegmentException)
        {
            // If the oldest segment was deleted after the folder was listed, that is no finding: the recorder deletes it to make room.
            bool isGone = unreadable is Win32Exception { NativeErrorCode: LibC.ENOENT };
            if (!isGone || number != segments[0].Number)
                tell(new Finding(FindingKind.Unreadable, after, before)
                {
                    Text = isGone ? $"{path} was deleted while it was read"
                        : unreadable is NotASegmentException ? $"{path} is not a segment of a recording, or its heads are damaged"
                        : $"{path} cannot be read: {unreadable.Message}",
                });
            return null;
        }
    }

    /// <summary>The indexes of the first parts of the blocks that overlap the span, in the order in which they are read.</summary>
    private List<int> BlocksOf(SegmentReader segment)
    {
        List<int> blocks = [];
        for (int first = 0, length; first < segment.Parts.Count; first += length)
        {
            length = segment.LengthOfBlock(first);
            for (int i = first; i < first + length; i++)
            {
                PartEntry part = segment.Parts[i];
                if ((long)part.Last + part.WallOffset < after || (long)part.First + part.WallOffset > before)
                    continue;
                blocks.Add(first);
                break;
            }
        }
        if (!oldestFirst)
            blocks.Reverse();
        return blocks;
    }

    /// <summary>Reports what is missing between two consecutive segments.</summary>
    private void Compare(Edge older, Edge newer)
    {
        if (newer.IsContinued)
        {
            if (newer.Number != older.Number + 1)
                Tell(new Finding(FindingKind.Missing, older.EndWall, newer.StartWall));
        }
        else
            Tell(new Finding(
                (older.IsStopped, older.Boot != newer.Boot) switch
                {
                    (true, true) => FindingKind.StoppedAndRestarted,
                    (true, false) => FindingKind.Stopped,
                    (false, true) => FindingKind.Restarted,
                    _ => FindingKind.BrokenOff,
                },
                older.EndWall, newer.StartWall));
    }

    private void Tell(Note note)
    {
        FindingKind? kind = note.Kind switch
        {
            ItemKind.Loss => FindingKind.Lost,
            ItemKind.Pause => FindingKind.Paused,
            ItemKind.Doubtful => FindingKind.Doubtful,
            _ => null,
        };
        if (kind is { } known)
            Tell(new Finding(known, (long)note.Since + note.WallOffset, (long)note.Time + note.WallOffset)
            {
                Count = note.Count,
                IsUpperBound = note.IsUpperBound,
                Text = note.Text,
            });
    }

    private void Tell(Damage damage, string path) =>
        Tell(new Finding(FindingKind.Damaged, (long)damage.Since + damage.WallOffset, (long)damage.Until + damage.WallOffset)
        {
            Count = damage.Exits,
            Text = path,
        });

    private void Tell(Finding finding)
    {
        if (finding.Until >= after && finding.Since <= before)
            tell(finding);
    }

    /// <summary>The beginning and the end of a segment. Times are nanoseconds of Unix time.</summary>
    private sealed record Edge
    {
        internal Edge(SegmentReader segment)
        {
            SegmentHead head = segment.Head;
            (Number, Boot, StartWall) = (head.Number, head.Boot, (long)head.Time + head.WallOffset);
            // If the first note is damaged, exits may be missing before this segment.
            IsContinued = segment.Start is { Kind: ItemKind.Continued };
            IsStopped = segment.End is { GoesOn: false };
            EndWall = segment.End is { } end ? (long)end.Time + end.WallOffset : (long)segment.LastTime + segment.LastWallOffset;
            // The wall clock may have been set back in between.
            (FirstWall, LastWall) = (Math.Min(StartWall, EndWall), Math.Max(StartWall, EndWall));
            if (segment.End is { Count: > 0 } counted)
                (FirstWall, LastWall) = (Math.Min(FirstWall, counted.FirstWall), Math.Max(LastWall, counted.LastWall));
            foreach (PartEntry part in segment.Parts)
            {
                FirstWall = Math.Min(FirstWall, (long)part.First + part.WallOffset);
                LastWall = Math.Max(LastWall, (long)part.Last + part.WallOffset);
            }
        }

        internal int Number { get; }

        internal string Boot { get; }

        internal bool IsContinued { get; }

        internal bool IsStopped { get; }

        internal long StartWall { get; }

        internal long EndWall { get; }

        private long FirstWall { get; }

        private long LastWall { get; }

        internal bool Overlaps(long after, long before) => LastWall >= after && FirstWall <= before;
    }
}
