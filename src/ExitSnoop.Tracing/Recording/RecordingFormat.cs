using System.Numerics;

namespace ExitSnoop.Recording;

/// <summary>The sizes and numbers of docs/recording-format.md.</summary>
internal static class RecordingFormat
{
    /// <summary>The version of the format, and the version of the layout of the kernel's records in it.</summary>
    internal const int Version = 1, Layout = 1;

    /// <summary>The size of each of the two heads in bytes.</summary>
    internal const int HeadSize = 1024;

    /// <summary>The offset of the first part.</summary>
    internal const int PartsOffset = 2 * HeadSize;

    internal const int ItemHeaderSize = 2 * sizeof(ushort);

    /// <summary>The largest payload of a part, and the largest block after decompression, in bytes.</summary>
    internal const int PayloadMaximum = 128 << 10, BlockMaximum = 64 << 10;

    /// <summary>
    /// The size in bytes at which a segment is ended, and how far a segment is read. The difference is larger than a part, because the last
    /// part may go beyond the first size.
    /// </summary>
    internal const long SegmentSize = 16 << 20, SegmentMaximum = 20 << 20;

    /// <summary>How much the offset between the wall clock and the boot clock may change within a part, in nanoseconds.</summary>
    internal const long WallTolerance = 10_000;

    /// <summary>CRC32C: RFC 3720.</summary>
    internal static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            crc = BitOperations.Crc32C(crc, BitConverter.ToUInt64(bytes));
        foreach (byte value in bytes)
            crc = BitOperations.Crc32C(crc, value);
        return ~crc;
    }
}

/// <summary>The kind of an item in a part.</summary>
internal enum ItemKind : ushort
{
    Exit = 1,
    User = 2,
    Crash = 3,

    Start = 16,
    Continued = 17,
    Alive = 18,
    Loss = 19,
    Pause = 20,
    Doubtful = 21,
    End = 22,
}
