using System.ComponentModel;
using ExitSnoop.Linux;
using Microsoft.Win32.SafeHandles;

namespace ExitSnoop.Recording;

/// <summary>
/// Reads one segment. The file may still be written, may be damaged, or may have been made by an attacker: the memory that is
/// used is limited by the bounds of the format, and nothing with a wrong checksum is returned.
/// </summary>
internal sealed class SegmentReader : IDisposable
{
    private const int WindowSize = 64 << 10;

    /// <summary>The limit for the compressed bytes of all parts of a block. No recorder writes a larger block.</summary>
    private const int BlockPayloadMaximum = 2 * RecordingFormat.PayloadMaximum;

    private const int MostDamages = 1000;

    private readonly SafeFileHandle handle;
    private readonly List<PartEntry> parts = [];
    private readonly List<Note> notes = [];
    private readonly List<Damage> damages = [];
    private readonly byte[] window = new byte[WindowSize];
    private long windowStart, position = RecordingFormat.PartsOffset;
    private int windowLength;
    private long nextNumber;

    /// <summary>Whether the bytes at the position are damaged, so that the next part is being searched for.</summary>
    private bool isLost;

    private SegmentReader(SafeFileHandle handle, string path, SegmentHead head)
    {
        (this.handle, Path, Head) = (handle, path, head);
        LastTime = head.Time;
        LastWallOffset = head.WallOffset;
        Start = ReadNote(RecordingFormat.PartsOffset, PartHeader.Size + RecordingFormat.PayloadMaximum, ItemKind.Start, ItemKind.Continued);
        End = ReadEnd();
    }

    internal string Path { get; }

    internal SegmentHead Head { get; }

    /// <summary>The first note of the segment; null if it is damaged.</summary>
    internal Note? Start { get; }

    /// <summary>The end note; null if the segment has none.</summary>
    internal Note? End { get; private set; }

    /// <summary>The parts with exits. This and the following properties are set by <see cref="Scan"/>.</summary>
    internal IReadOnlyList<PartEntry> Parts => parts;

    internal IReadOnlyList<Note> Notes => notes;

    internal IReadOnlyList<Damage> Damages => damages;

    internal long Length => RandomAccess.GetLength(handle);

    /// <summary>The latest time in the segment, in nanoseconds of the boot clock.</summary>
    internal ulong LastTime { get; private set; }

    /// <summary>Nanoseconds to add to <see cref="LastTime"/> to get Unix time.</summary>
    internal long LastWallOffset { get; private set; }

    /// <summary>Opens a segment; null if the file is shorter than a head, as it is for a moment when it is created.</summary>
    /// <exception cref="Win32Exception">The file cannot be opened.</exception>
    /// <exception cref="UnknownFormatException">The segment is of another version.</exception>
    /// <exception cref="NotASegmentException">The file is something else, or both heads are damaged.</exception>
    internal static SegmentReader? Open(string path)
    {
        int error = FileCalls.OpenForReading(path, out int fd);
        if (error != 0)
            throw new Win32Exception(error);
        SafeFileHandle handle = new(fd, ownsHandle: true);
        try
        {
            error = FileStatus.Get(fd, out FileStatus status);
            if (error != 0)
                throw new Win32Exception(error);
            if (!status.IsRegular)
                throw new NotASegmentException();
            byte[] heads = new byte[RecordingFormat.PartsOffset];
            int length = ReadAt(handle, heads, 0);
            if (SegmentHead.Read(heads.AsSpan(0, length)) is { } head)
                return new SegmentReader(handle, path, head);
            bool isBegun = length < RecordingFormat.HeadSize && SegmentHead.Magic.StartsWith(heads.AsSpan(0, Math.Min(length, SegmentHead.Magic.Length)));
            if (!isBegun)
                throw new NotASegmentException();
            handle.Dispose();
            return null;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Finds the parts up to the end of the file. A further call finds the parts that were written since. Returns whether there were any.</summary>
    internal bool Scan()
    {
        windowLength = 0;
        int before = parts.Count + notes.Count;
        long length = Math.Min(RandomAccess.GetLength(handle), RecordingFormat.SegmentMaximum);
        while (position < length)
        {
            ReadOnlySpan<byte> bytes = WindowAt(position);
            if (PartHeader.TryRead(bytes, Head.Checksum, out PartHeader header) && header.Number >= nextNumber)
            {
                if (position + PartHeader.Size + header.PayloadLength <= length)
                {
                    Found(header);
                    position += PartHeader.Size + header.PayloadLength;
                    continue;
                }
                // The recorder is still writing this part, or it was killed while it wrote it.
                if (End is null)
                    break;
            }
            bool isBegun = bytes.Length < PartHeader.Size && PartHeader.Magic.StartsWith(bytes[..Math.Min(bytes.Length, PartHeader.Magic.Length)]);
            if (isBegun && !isLost && End is null)
                break;
            if (!isLost)
                AddDamage(new Damage(LastTime, LastTime, LastWallOffset, null));
            isLost = true;
            position += Math.Max(1, NextMagic(bytes));
        }
        End ??= ReadEnd();
        return parts.Count + notes.Count > before;
    }

    /// <summary>Reads and decompresses a block.</summary>
    /// <param name="first">The index in <see cref="Parts"/> of the first part of the block.</param>
    /// <param name="block">The object to read into.</param>
    internal void Read(int first, RecordedBlock block)
    {
        block.Clear();
        int count = LengthOfBlock(first), payload = 0, items = 0, good = 0;
        for (; good < count; good++)
        {
            PartEntry part = parts[first + good];
            if (payload + part.PayloadLength > BlockPayloadMaximum || items + part.ItemsLength > RecordingFormat.BlockMaximum)
                break;
            Span<byte> bytes = block.Payload(payload, part.PayloadLength);
            if (ReadAt(handle, bytes, part.Offset) < bytes.Length || RecordingFormat.Checksum(bytes) != part.PayloadChecksum)
                break;
            payload += part.PayloadLength;
            items += part.ItemsLength;
        }
        if (parts[first].Kind != PartKind.Begin || (items > 0 && !block.Decompress(payload, items)))
            good = 0;
        int start = 0;
        for (int i = 0; i < good; i++)
        {
            PartEntry part = parts[first + i];
            if (!block.Parse(start, part.ItemsLength, part.WallOffset))
            {
                good = i;
                break;
            }
            start += part.ItemsLength;
        }
        if (good < count)
        {
            PartEntry from = parts[first + good], to = parts[first + count - 1];
            long lost = 0;
            for (int i = good; i < count; i++)
                lost += parts[first + i].Exits;
            block.Damage = new Damage(from.First, to.Last, from.WallOffset, lost);
        }
    }

    /// <summary>How many parts the block has whose first part has this index.</summary>
    internal int LengthOfBlock(int first)
    {
        int end = first + 1;
        while (end < parts.Count && parts[end].Kind == PartKind.Continue && parts[end].Number == parts[end - 1].Number + 1)
            end++;
        return end - first;
    }

    public void Dispose() => handle.Dispose();

    private void Found(in PartHeader header)
    {
        if (isLost)
            damages[^1] = damages[^1] with { Until = Math.Max(header.First, damages[^1].Since) };
        else if (header.Number > nextNumber)
            AddDamage(new Damage(LastTime, Math.Max(header.First, LastTime), header.WallOffset, null));
        isLost = false;
        nextNumber = header.Number + 1L;
        if (header.Kind == PartKind.Notes)
        {
            byte[] payload = new byte[header.PayloadLength];
            if (ReadAt(handle, payload, position + PartHeader.Size) == payload.Length && RecordingFormat.Checksum(payload) == header.PayloadChecksum)
                notes.AddRange(Note.Read(payload, header.WallOffset));
            else
                AddDamage(new Damage(header.First, header.Last, header.WallOffset, 0));
        }
        else if (header.Kind is PartKind.Begin or PartKind.Continue)
            parts.Add(new PartEntry(header, position + PartHeader.Size));
        LastTime = Math.Max(LastTime, header.Last);
        LastWallOffset = header.WallOffset;
    }

    /// <summary>Stores a damage. If there are already very many, extends the last one instead.</summary>
    private void AddDamage(Damage damage)
    {
        if (damages.Count < MostDamages)
            damages.Add(damage);
        else
            damages[^1] = damages[^1] with { Until = Math.Max(damages[^1].Until, damage.Until) };
    }

    private Note? ReadEnd() => RandomAccess.GetLength(handle) is var length and <= RecordingFormat.SegmentMaximum
        ? ReadNote(length - Note.EndPartSize, Note.EndPartSize, ItemKind.End)
        : null;

    /// <summary>The first note of the part at an offset, if it is of one of these kinds; otherwise null.</summary>
    private Note? ReadNote(long offset, int most, params ReadOnlySpan<ItemKind> kinds)
    {
        Span<byte> bytes = window.AsSpan(0, Math.Min(most, window.Length));
        windowLength = 0;
        if (offset < RecordingFormat.PartsOffset)
            return null;
        bytes = bytes[..ReadAt(handle, bytes, offset)];
        if (!PartHeader.TryRead(bytes, Head.Checksum, out PartHeader header) || header.Kind != PartKind.Notes || PartHeader.Size + header.PayloadLength > bytes.Length)
            return null;
        byte[] payload = bytes.Slice(PartHeader.Size, header.PayloadLength).ToArray();
        return RecordingFormat.Checksum(payload) == header.PayloadChecksum
            && Note.Read(payload, header.WallOffset).FirstOrDefault() is { } note && kinds.Contains(note.Kind) ? note : null;
    }

    /// <summary>The bytes at an offset: at least as many as a header has, unless the file ends before.</summary>
    private ReadOnlySpan<byte> WindowAt(long offset)
    {
        if (offset < windowStart || offset + PartHeader.Size > windowStart + windowLength)
        {
            windowStart = offset;
            windowLength = ReadAt(handle, window, offset);
        }
        return window.AsSpan((int)(offset - windowStart), Math.Max(0, windowLength - (int)(offset - windowStart)));
    }

    /// <summary>The offset, after the first byte, of the next position where a header could begin.</summary>
    private static int NextMagic(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length <= 1)
            return 1;
        int next = bytes[1..].IndexOf(PartHeader.Magic);
        return next >= 0 ? next + 1 : Math.Max(1, bytes.Length - PartHeader.Magic.Length + 1);
    }

    private static int ReadAt(SafeFileHandle handle, Span<byte> bytes, long offset)
    {
        int read = 0;
        while (read < bytes.Length && RandomAccess.Read(handle, bytes[read..], offset + read) is > 0 and int count)
            read += count;
        return read;
    }
}

/// <summary>A part with exits: the fields of its header, and the offset of its payload in the file.</summary>
internal readonly record struct PartEntry
{
    internal PartEntry(in PartHeader header, long offset)
    {
        (Offset, Kind, Number, Exits) = (offset, header.Kind, header.Number, header.Exits);
        (PayloadLength, PayloadChecksum, ItemsLength) = (header.PayloadLength, header.PayloadChecksum, header.ItemsLength);
        (First, Last, WallOffset) = (header.First, header.Last, header.WallOffset);
    }

    internal long Offset { get; }

    internal PartKind Kind { get; }

    internal uint Number { get; }

    internal int Exits { get; }

    internal int PayloadLength { get; }

    internal uint PayloadChecksum { get; }

    internal int ItemsLength { get; }

    internal ulong First { get; }

    internal ulong Last { get; }

    internal long WallOffset { get; }
}

/// <summary>A part of a segment that cannot be read.</summary>
/// <param name="Since">A time before the exits in it, in nanoseconds of the boot clock.</param>
/// <param name="Until">A time after them, in nanoseconds of the boot clock.</param>
/// <param name="WallOffset">Nanoseconds to add to these times to get Unix time.</param>
/// <param name="Exits">How many exits; null if that is not known either.</param>
internal readonly record struct Damage(ulong Since, ulong Until, long WallOffset, long? Exits);

/// <summary>A file is not a segment of a recording.</summary>
internal sealed class NotASegmentException : Exception;
