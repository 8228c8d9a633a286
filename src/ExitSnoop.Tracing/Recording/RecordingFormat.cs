using System.Numerics;

namespace ExitSnoop.Recording;

/// <summary>The sizes and numbers of docs/recording-format.md.</summary>
internal static class RecordingFormat
{
    /// <summary>Of the format, and of the layout of the kernel's records in it.</summary>
    internal const int Version = 1, Layout = 1;

    /// <summary>Of one of the two heads.</summary>
    internal const int HeadSize = 1024;

    /// <summary>Where the first part is.</summary>
    internal const int PartsOffset = 2 * HeadSize;

    internal const int ItemHeaderSize = 2 * sizeof(ushort);

    /// <summary>Bytes of a part's payload, and of a block once decompressed.</summary>
    internal const int PayloadMaximum = 128 << 10, BlockMaximum = 64 << 10;

    /// <summary>When a segment is ended, and how far one is read: more than the last part can go beyond the end.</summary>
    internal const long SegmentSize = 16 << 20, SegmentMaximum = 20 << 20;

    /// <summary>How far, in nanoseconds, the wall clock moves against the boot clock within a part.</summary>
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

/// <summary>What an item is.</summary>
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
