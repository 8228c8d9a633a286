using System.ComponentModel;

namespace ExitSnoop.Recording;

/// <summary>Goes on reading a recording as it grows.</summary>
/// <param name="folder">Its directory.</param>
/// <param name="segment">The segment that was read last; 0 for none.</param>
/// <param name="parts">How many of its parts were read.</param>
internal sealed class RecordingTail(string folder, int segment, int parts) : IDisposable
{
    private SegmentReader? reader;
    private int segment = segment, next = parts;

    /// <summary>The head of the segment that the last block came from.</summary>
    internal SegmentHead Head { get; private set; } = new();

    /// <summary>Reads what has come into a block, if something has.</summary>
    /// <param name="block">What it is read into.</param>
    /// <param name="from">The first exit of the block that is new.</param>
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
            // Now that there is another, nothing is added to this one: it is looked at a last time.
            if (reader is not null && TryReadNext(reader, block, out from))
                return true;
            reader?.Dispose();
            (segment, next) = (following, 0);
            reader = Open(segment);
            // It is just being made, or is gone again.
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
