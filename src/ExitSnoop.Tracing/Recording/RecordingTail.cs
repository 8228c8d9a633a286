using System.ComponentModel;

namespace ExitSnoop.Recording;

/// <summary>Continues to read a recording while it grows.</summary>
/// <param name="folder">The directory of the recording.</param>
/// <param name="segment">The number of the segment that was read last; 0 for none.</param>
/// <param name="parts">How many of its parts were read.</param>
internal sealed class RecordingTail(string folder, int segment, int parts) : IDisposable
{
    private SegmentReader? reader;
    private int segment = segment, next = parts;

    /// <summary>The head of the segment of the last block.</summary>
    internal SegmentHead Head { get; private set; } = new();

    /// <summary>Reads the next block with new exits; returns false if there are none yet.</summary>
    /// <param name="block">The object to read into.</param>
    /// <param name="from">The index of the first new exit in the block.</param>
    internal bool TryRead(RecordedBlock block, out int from)
    {
        while (true)
        {
            reader ??= segment == 0 ? null : Open(segment);
            if (reader is not null && TryReadNext(reader, block, out from))
                return true;
            from = 0;
            int following = Following();
            if (following == 0)
                return false;
            // The next segment exists, so nothing more is added to this one. Read it a last time.
            if (reader is not null && TryReadNext(reader, block, out from))
                return true;
            reader?.Dispose();
            (segment, next) = (following, 0);
            reader = Open(segment);
            // The next segment is just being created, or was already deleted.
            if (reader is null)
                return false;
        }
    }

    public void Dispose() => reader?.Dispose();

    private bool TryReadNext(SegmentReader from, RecordedBlock block, out int firstNew)
    {
        from.Scan();
        firstNew = 0;
        while (next < from.Parts.Count)
        {
            int first = next;
            while (first > 0 && from.Parts[first].Kind == PartKind.Continue && from.Parts[first].Number == from.Parts[first - 1].Number + 1)
                first--;
            firstNew = 0;
            for (int i = first; i < next; i++)
                firstNew += from.Parts[i].Exits;
            from.Read(first, block);
            next = first + from.LengthOfBlock(first);
            Head = from.Head;
            if (firstNew < block.Count)
                return true;
        }
        return false;
    }

    private int Following()
    {
        foreach ((int number, string _) in RecordingFolder.Segments(folder))
            if (number > segment)
                return number;
        return 0;
    }

    private SegmentReader? Open(int number)
    {
        foreach ((int found, string path) in RecordingFolder.Segments(folder))
            if (found == number)
                try
                {
                    return SegmentReader.Open(path);
                }
                catch (Exception unreadable) when (unreadable is Win32Exception or NotASegmentException)
                {
                    return null;
                }
        return null;
    }
}
