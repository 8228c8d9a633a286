using System.Buffers.Binary;
using System.Text;

namespace ExitSnoop.Recording;

/// <summary>A note of the recorder about the recording: its start and end, losses, pauses.</summary>
/// <param name="Kind">Its kind: <see cref="ItemKind.Start"/> or a later one.</param>
/// <param name="Time">The time, or the end of the time, that the note is about, in nanoseconds of the boot clock.</param>
/// <param name="WallOffset">Nanoseconds to add to its times to get Unix time.</param>
internal sealed record Note(ItemKind Kind, ulong Time, long WallOffset)
{
    /// <summary>In a loss, a pause or a failed fsync: the beginning of the time, in nanoseconds of the boot clock.</summary>
    internal ulong Since { get; init; }

    /// <summary>How many exits are missing; in an end note: how many exits the segment has.</summary>
    internal long Count { get; init; }

    /// <summary>Whether <see cref="Count"/> is an upper bound.</summary>
    internal bool IsUpperBound { get; init; }

    /// <summary>In the first note of a segment: the filters in words; in a loss, a pause or a failed fsync: the reason.</summary>
    internal string Text { get; init; } = "";

    /// <summary>In an end note: whether the same recorder continues with another segment.</summary>
    internal bool GoesOn { get; init; }

    /// <summary>In an end note: the times of the first and the last exit of the segment, in nanoseconds of Unix time; 0 if it has no exits.</summary>
    internal long FirstWall { get; init; }

    internal long LastWall { get; init; }

    /// <summary>The size in bytes of the part with an end note.</summary>
    internal const int EndPartSize = PartHeader.Size + RecordingFormat.ItemHeaderSize + EndSize;

    private const int EndSize = sizeof(ulong) + 1 + (3 * sizeof(long)), LossSize = (3 * sizeof(ulong)) + 1, LongestText = 4096;

    /// <summary>The bytes of a part that contains this note.</summary>
    /// <param name="number">The number of the part in its segment.</param>
    /// <param name="segment">The checksum of the segment's head.</param>
    /// <param name="header">The header of the part.</param>
    internal byte[] ToPart(uint number, uint segment, out PartHeader header)
    {
        byte[] text = Encoding.UTF8.GetBytes(Text.Length > LongestText ? Text[..LongestText] : Text);
        int length = Kind switch
        {
            ItemKind.Loss or ItemKind.Pause or ItemKind.Doubtful => LossSize + text.Length,
            ItemKind.End => EndSize,
            _ => sizeof(ulong) + text.Length,
        };
        byte[] bytes = new byte[PartHeader.Size + RecordingFormat.ItemHeaderSize + length];
        Span<byte> payload = bytes.AsSpan(PartHeader.Size), item = payload[RecordingFormat.ItemHeaderSize..];
        BinaryPrimitives.WriteUInt16LittleEndian(payload, (ushort)Kind);
        BinaryPrimitives.WriteUInt16LittleEndian(payload[sizeof(ushort)..], (ushort)length);
        switch (Kind)
        {
            case ItemKind.Loss or ItemKind.Pause or ItemKind.Doubtful:
                BinaryPrimitives.WriteUInt64LittleEndian(item, Since);
                BinaryPrimitives.WriteUInt64LittleEndian(item[8..], Time);
                BinaryPrimitives.WriteInt64LittleEndian(item[16..], Count);
                item[24] = IsUpperBound ? (byte)1 : (byte)0;
                text.CopyTo(item[LossSize..]);
                break;
            case ItemKind.End:
                BinaryPrimitives.WriteUInt64LittleEndian(item, Time);
                item[8] = GoesOn ? (byte)1 : (byte)0;
                BinaryPrimitives.WriteInt64LittleEndian(item[9..], FirstWall);
                BinaryPrimitives.WriteInt64LittleEndian(item[17..], LastWall);
                BinaryPrimitives.WriteInt64LittleEndian(item[25..], Count);
                break;
            default:
                BinaryPrimitives.WriteUInt64LittleEndian(item, Time);
                text.CopyTo(item[sizeof(ulong)..]);
                break;
        }
        header = new PartHeader
        {
            Kind = PartKind.Notes,
            Number = number,
            Segment = segment,
            PayloadLength = payload.Length,
            ItemsLength = payload.Length,
            First = Time,
            Last = Time,
            WallOffset = WallOffset,
            PayloadChecksum = RecordingFormat.Checksum(payload),
        };
        header.Write(bytes);
        return bytes;
    }

    /// <summary>The notes in the payload of a part. Kinds that are not known are skipped.</summary>
    internal static IEnumerable<Note> Read(byte[] payload, long wallOffset)
    {
        for (int start = 0; start + RecordingFormat.ItemHeaderSize <= payload.Length;)
        {
            ItemKind kind = (ItemKind)BinaryPrimitives.ReadUInt16LittleEndian(payload.AsSpan(start));
            int length = BinaryPrimitives.ReadUInt16LittleEndian(payload.AsSpan(start + sizeof(ushort)));
            start += RecordingFormat.ItemHeaderSize;
            if (start + length > payload.Length)
                yield break;
            if (Parse(kind, payload.AsSpan(start, length), wallOffset) is { } note)
                yield return note;
            start += length;
        }
    }

    private static Note? Parse(ItemKind kind, ReadOnlySpan<byte> item, long wallOffset)
    {
        Note? note = kind switch
        {
            ItemKind.Start or ItemKind.Continued or ItemKind.Alive when item.Length >= sizeof(ulong) =>
                new Note(kind, BinaryPrimitives.ReadUInt64LittleEndian(item), wallOffset) { Text = Encoding.UTF8.GetString(item[sizeof(ulong)..]) },
            ItemKind.Loss or ItemKind.Pause or ItemKind.Doubtful when item.Length >= LossSize =>
                new Note(kind, BinaryPrimitives.ReadUInt64LittleEndian(item[8..]), wallOffset)
                {
                    Since = BinaryPrimitives.ReadUInt64LittleEndian(item),
                    Count = Math.Max(0, BinaryPrimitives.ReadInt64LittleEndian(item[16..])),
                    IsUpperBound = item[24] != 0,
                    Text = Encoding.UTF8.GetString(item[LossSize..]),
                },
            ItemKind.End when item.Length >= EndSize => new Note(kind, BinaryPrimitives.ReadUInt64LittleEndian(item), wallOffset)
            {
                GoesOn = item[8] != 0,
                FirstWall = BinaryPrimitives.ReadInt64LittleEndian(item[9..]),
                LastWall = BinaryPrimitives.ReadInt64LittleEndian(item[17..]),
                Count = Math.Max(0, BinaryPrimitives.ReadInt64LittleEndian(item[25..])),
            },
            _ => null,
        };
        return note is not null && PartHeader.IsTime(note.Time, wallOffset) && (note.Since == 0 || PartHeader.IsTime(note.Since, wallOffset)) ? note : null;
    }
}
