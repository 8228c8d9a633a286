using System.Buffers.Binary;
using ExitSnoop.Linux;

namespace ExitSnoop.Crash;

/// <summary>What the headers of an ELF file of 64 bits say (elf(5)): where it is to be mapped, and its build id.</summary>
internal sealed class ElfHeaders
{
    private const int HeaderSize = 64, SegmentSize = 56, SectionSize = 64, SegmentsMaximum = 64, SectionsMaximum = 256, NotesMaximum = 4096;
    private const uint SegmentLoad = 1, SegmentNote = 4, SectionSymbolTable = 2, NoteBuildId = 3;
    private const ulong PageMask = ~4095UL;

    private readonly List<(ulong Offset, ulong Address, ulong Size)> segments = [];

    private ElfHeaders()
    {
    }

    /// <summary>In hexadecimal digits; null where there is none.</summary>
    internal string? BuildId { get; private set; }

    /// <summary>Whether it has a table of all its symbols (.symtab), not only of those for dynamic linking.</summary>
    internal bool HasSymbolTable { get; private set; }

    /// <summary>The address in the file of what lies at an offset of it; null where no segment has it.</summary>
    internal ulong? AddressOf(ulong offset)
    {
        foreach ((ulong start, ulong address, ulong size) in segments)
            if ((start & PageMask) <= offset && offset < start + size)
                return address - start + offset;
        return null;
    }

    /// <summary>Reads the headers; null where the file is no ELF file of 64 bits.</summary>
    internal static ElfHeaders? TryRead(int fd)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        // Magic, 64 bits, little endian.
        if (LibC.ReadAt(fd, header, 0) != HeaderSize || !header.StartsWith("\u007fELF\u0002\u0001"u8))
            return null;
        ElfHeaders elf = new();
        elf.ReadSegments(fd, (long)Read64(header, 32), Read16(header, 54), Read16(header, 56));
        elf.FindSymbolTable(fd, (long)Read64(header, 40), Read16(header, 58), Read16(header, 60));
        return elf;
    }

    private void ReadSegments(int fd, long offset, int size, int count)
    {
        if (size != SegmentSize || offset < 0)
            return;
        Span<byte> table = new byte[Math.Min(count, SegmentsMaximum) * SegmentSize];
        table = table[..LibC.ReadAt(fd, table, offset)];
        for (; table.Length >= SegmentSize; table = table[SegmentSize..])
        {
            (ulong start, ulong address, ulong bytes) = (Read64(table, 8), Read64(table, 16), Read64(table, 32));
            if (Read32(table, 0) == SegmentLoad)
                segments.Add((start, address, bytes));
            else if (Read32(table, 0) == SegmentNote && start <= long.MaxValue)
                BuildId ??= FindBuildId(fd, (long)start, (int)Math.Min(bytes, NotesMaximum));
        }
    }

    private static string? FindBuildId(int fd, long offset, int size)
    {
        Span<byte> notes = new byte[size];
        notes = notes[..LibC.ReadAt(fd, notes, offset)];
        while (notes.Length >= 12)
        {
            (uint nameSize, uint textSize, uint type) = (Read32(notes, 0), Read32(notes, 4), Read32(notes, 8));
            long textStart = 12 + ((nameSize + 3L) & ~3L), end = textStart + ((textSize + 3L) & ~3L);
            if (textStart + textSize > notes.Length)
                return null;
            if (type == NoteBuildId && nameSize == 4 && notes[12..].StartsWith("GNU\0"u8) && textSize is > 2 and <= 64)
                return Convert.ToHexStringLower(notes.Slice((int)textStart, (int)textSize));
            if (end > notes.Length)
                return null;
            notes = notes[(int)end..];
        }
        return null;
    }

    private void FindSymbolTable(int fd, long offset, int size, int count)
    {
        if (size != SectionSize || offset <= 0)
            return;
        Span<byte> table = new byte[Math.Min(count, SectionsMaximum) * SectionSize];
        table = table[..LibC.ReadAt(fd, table, offset)];
        for (; table.Length >= SectionSize; table = table[SectionSize..])
            HasSymbolTable |= Read32(table, 4) == SectionSymbolTable;
    }

    private static ushort Read16(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[offset..]);

    private static uint Read32(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);

    private static ulong Read64(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[offset..]);
}
