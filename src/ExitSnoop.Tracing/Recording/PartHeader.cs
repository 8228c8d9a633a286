using System.Buffers.Binary;

namespace ExitSnoop.Recording;

/// <summary>The kind of a part: exits that begin a block, exits that continue it, or notes.</summary>
internal enum PartKind : byte
{
    Begin = 1,
    Continue = 2,
    Notes = 3,
}

/// <summary>The header of a part; see docs/recording-format.md.</summary>
internal struct PartHeader
{
    internal const int Size = 60;

    private const int CheckedSize = Size - sizeof(uint);

    internal static ReadOnlySpan<byte> Magic => [0xe5, (byte)'X', (byte)'P', 0x1a];

    internal PartKind Kind;
    internal uint Number;

    /// <summary>The checksum of the segment's head.</summary>
    internal uint Segment;

    internal int PayloadLength;
    internal int ItemsLength;
    internal int Exits;

    /// <summary>The earliest and the latest time of its exits, or the time of its note, in nanoseconds of the boot clock.</summary>
    internal ulong First, Last;

    internal long WallOffset;
    internal uint PayloadChecksum;

    /// <summary>The same times in nanoseconds of Unix time.</summary>
    internal readonly long FirstWall => (long)First + WallOffset;

    internal readonly long LastWall => (long)Last + WallOffset;

    internal readonly void Write(Span<byte> bytes)
    {
        Magic.CopyTo(bytes);
        bytes[4] = (byte)Kind;
        bytes[5..8].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], Number);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[12..], Segment);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[16..], PayloadLength);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[20..], ItemsLength);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[24..], Exits);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[28..], First);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[36..], Last);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[44..], WallOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[52..], PayloadChecksum);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[CheckedSize..], RecordingFormat.Checksum(bytes[..CheckedSize]));
    }

    /// <summary>Reads a header; returns false if the bytes are not a header of this segment within the bounds of the format.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> bytes, uint segment, out PartHeader header)
    {
        header = default;
        if (bytes.Length < Size || !bytes.StartsWith(Magic)
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[CheckedSize..]) != RecordingFormat.Checksum(bytes[..CheckedSize]))
            return false;
        header = new PartHeader
        {
            Kind = (PartKind)bytes[4],
            Number = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]),
            Segment = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]),
            PayloadLength = BinaryPrimitives.ReadInt32LittleEndian(bytes[16..]),
            ItemsLength = BinaryPrimitives.ReadInt32LittleEndian(bytes[20..]),
            Exits = BinaryPrimitives.ReadInt32LittleEndian(bytes[24..]),
            First = BinaryPrimitives.ReadUInt64LittleEndian(bytes[28..]),
            Last = BinaryPrimitives.ReadUInt64LittleEndian(bytes[36..]),
            WallOffset = BinaryPrimitives.ReadInt64LittleEndian(bytes[44..]),
            PayloadChecksum = BinaryPrimitives.ReadUInt32LittleEndian(bytes[52..]),
        };
        return header.Segment == segment
            && header.PayloadLength is > 0 and <= RecordingFormat.PayloadMaximum
            && header.ItemsLength is > 0 and <= RecordingFormat.BlockMaximum
            && header.Exits is >= 0 and <= RecordingFormat.BlockMaximum
            && IsTime(header.First, header.WallOffset) && IsTime(header.Last, header.WallOffset);
    }

    /// <summary>Whether a time is between 1970 and 2200, so that it can be shown as a date.</summary>
    internal static bool IsTime(ulong time, long wallOffset)
    {
        const long last = 230L * 366 * 24 * 60 * 60 * 1_000_000_000;
        return time <= last && wallOffset is > -last and < last && (long)time + wallOffset is >= 0 and < last;
    }
}
