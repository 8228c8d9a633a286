using System.Buffers.Binary;

namespace ExitSnoop.Tests.Records;

/// <summary>The structures in the section .BTF of a compiled BPF object (Documentation/bpf/btf.rst).</summary>
internal sealed class CompiledTypes
{
    // BTF_KIND_..., and how many bytes follow the 12 of each type; of those with members, each.
    private const int Int = 1, Array = 3, Struct = 4, Union = 5, Enum = 6, Typedef = 8, Volatile = 9, Const = 10, FuncProto = 13, Var = 14, DataSec = 15, DeclTag = 17, Enum64 = 19;

    private readonly List<(int Kind, string Name, int SizeOrType, byte[] Tail)> types = [(0, "", 0, [])];
    private readonly byte[] strings;

    internal CompiledTypes(byte[] elf)
    {
        ReadOnlySpan<byte> btf = Section(elf, ".BTF");
        int header = I32(btf, 4), typesAt = header + I32(btf, 8), typesSize = I32(btf, 12);
        strings = btf.Slice(header + I32(btf, 16), I32(btf, 20)).ToArray();
        for (ReadOnlySpan<byte> left = btf.Slice(typesAt, typesSize); left.Length > 0;)
        {
            int info = I32(left, 4), kind = info >> 24 & 0x1f, count = info & 0xffff;
            int rest = kind switch
            {
                Int or Var or DeclTag => 4,
                Array => 12,
                Struct or Union or DataSec or Enum64 => 12 * count,
                Enum or FuncProto => 8 * count,
                _ => 0,
            };
            types.Add((kind, Text(I32(left, 0)), I32(left, 8), left.Slice(12, rest).ToArray()));
            left = left[(12 + rest)..];
        }
    }

    internal int Size(string name) => Find(name).SizeOrType;

    /// <summary>The members of a structure without bit fields, in order.</summary>
    internal IEnumerable<(string Name, int Offset, int Size)> Members(string name)
    {
        byte[] members = Find(name).Tail;
        for (int at = 0; at < members.Length; at += 12)
            yield return (Text(I32(members, at)), I32(members, at + 8) / 8, SizeOf(I32(members, at + 4)));
    }

    private (int Kind, string Name, int SizeOrType, byte[] Tail) Find(string name) =>
        types.Single(type => type.Kind == Struct && type.Name == name);

    private int SizeOf(int id)
    {
        (int kind, _, int sizeOrType, byte[] rest) = types[id];
        return kind switch
        {
            Array => SizeOf(I32(rest, 0)) * I32(rest, 8),
            Typedef or Const or Volatile => SizeOf(sizeOrType),
            _ => sizeOrType,
        };
    }

    private string Text(int offset) => Encoding.UTF8.GetString(strings.AsSpan(offset, strings.AsSpan(offset).IndexOf((byte)0)));

    /// <summary>A section of a 64-bit little-endian file: man 5 elf.</summary>
    private static ReadOnlySpan<byte> Section(ReadOnlySpan<byte> elf, string name)
    {
        int headers = I32(elf, 0x28), size = BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3a..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3c..]), namesIndex = BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3e..]);
        int names = I32(elf, headers + (namesIndex * size) + 0x18);
        byte[] wanted = [.. Encoding.UTF8.GetBytes(name), 0];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> section = elf.Slice(headers + (i * size), size);
            if (elf[(names + I32(section, 0))..].StartsWith(wanted))
                return elf.Slice(I32(section, 0x18), I32(section, 0x20));
        }
        throw new InvalidDataException($"There is no section {name}.");
    }

    private static int I32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt32LittleEndian(bytes[at..]);
}
