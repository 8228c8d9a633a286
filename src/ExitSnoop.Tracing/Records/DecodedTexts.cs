using System.Buffers.Binary;
using System.Numerics;

namespace ExitSnoop.Records;

/// <summary>
/// What the bytes of a few recent records were decoded to. Commands, paths, cgroups and ancestors are the same in most exits of a
/// machine, and to compare their bytes costs a tenth of decoding them. Safe for all threads: two that decode the same bytes
/// at once both get a right result, and one of the two is kept.
/// </summary>
/// <typeparam name="T">An immutable type.</typeparam>
/// <param name="decode">Decodes bytes that are not known.</param>
internal sealed class DecodedTexts<T>(DecodedTexts<T>.Decoder decode)
    where T : class
{
    /// <summary>Longer ones, such as whole scripts in an argument, are decoded each time, so that what is kept stays small.</summary>
    private const int LengthMaximum = 512;

    private const int CountBits = 7;

    private readonly Known?[] known = new Known?[1 << CountBits];

    internal delegate T Decoder(ReadOnlySpan<byte> bytes);

    internal T Get(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > LengthMaximum)
            return decode(bytes);
        ref Known? place = ref known[PlaceOf(bytes)];
        if (Volatile.Read(ref place) is { } found && bytes.SequenceEqual(found.Bytes))
            return found.Value;
        T value = decode(bytes);
        Volatile.Write(ref place, new Known(bytes.ToArray(), value));
        return value;
    }

    /// <summary>From the length and three samples: bytes that differ elsewhere only take each other's place.</summary>
    private static int PlaceOf(ReadOnlySpan<byte> bytes)
    {
        ulong hash = (uint)bytes.Length;
        if (bytes.Length >= sizeof(ulong))
        {
            hash ^= BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            hash ^= BitOperations.RotateLeft(BinaryPrimitives.ReadUInt64LittleEndian(bytes[^sizeof(ulong)..]), 21);
            hash ^= BitOperations.RotateLeft(BinaryPrimitives.ReadUInt64LittleEndian(bytes[((bytes.Length - sizeof(ulong)) / 2)..]), 43);
        }
        else
        {
            foreach (byte next in bytes)
                hash = (hash << 8) ^ (hash >> 56) ^ next;
        }
        return (int)((hash * 0x9E3779B97F4A7C15) >> (64 - CountBits));
    }

    private sealed record Known(byte[] Bytes, T Value);
}
