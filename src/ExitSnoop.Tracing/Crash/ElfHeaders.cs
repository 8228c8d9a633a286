using System.Buffers.Binary;
using System.Text;
using ExitSnoop.Linux;

namespace ExitSnoop.Crash;

/// <summary>The headers of a 64-bit ELF file (elf(5)): its segments, its build ID and its sections.</summary>
internal sealed class ElfHeaders
{
    private const int HeaderSize = 64, SegmentSize = 56, SectionSize = 64, SegmentsMaximum = 64, SectionsMaximum = 256, NotesMaximum = 4096;
    private const uint SegmentLoad = 1, SegmentNote = 4, NoteBuildId = 3;
    private const uint SectionSymbolTable = 2, SectionStrings = 3, SectionDynamic = 6, SectionNote = 7, SectionNoBits = 8, SectionDynamicSymbols = 11;
    private const int SectionNameMaximum = 20;
    private const ulong PageMask = ~4095UL;

    /// <summary>Sections with tables for unwinding. They have no type of their own, so they are recognized by name.</summary>
    private static readonly string[] UnwindingSections = [".eh_frame", ".eh_frame_hdr", ".debug_frame", ".zdebug_frame", ".gnu_debugdata", ".gnu_debuglink"];

    private readonly List<(ulong Offset, ulong Address, ulong Size)> segments = [];
    private readonly List<(long Offset, long Size)> tables = [(0, HeaderSize)];
    private readonly List<Section> sections = [];

    /// <summary>The offset of the names of the sections; negative if not all sections could be read.</summary>
    private long names = -1;

    private ElfHeaders()
    {
    }

    /// <summary>The build ID in hexadecimal digits; null if there is none.</summary>
    internal string? BuildId { get; private set; }

    /// <summary>Whether it has a table of all its symbols (.symtab), not only of those for dynamic linking.</summary>
    internal bool HasSymbolTable { get; private set; }

    /// <summary>
    /// The parts of the file that are needed to unwind and to find symbols. In a large program they are a fifth of the file. The whole file
    /// if not all sections could be read.
    /// </summary>
    internal IEnumerable<(long Offset, long Size)> UnwindingParts(int fd, long size) => names < 0
        ? [(0, size)]
        : tables.Concat(sections.Where(section => IsForUnwinding(fd, section)).Select(section => (section.Offset, section.Size)))
            .Where(part => part.Offset < size);

    /// <summary>The virtual address that the file gives to the byte at an offset; null if no segment contains it.</summary>
    internal ulong? AddressOf(ulong offset)
    {
        foreach ((ulong start, ulong address, ulong size) in segments)
            if ((start & PageMask) <= offset && offset < start + size)
                return address - start + offset;
        return null;
    }

    /// <summary>Reads the headers; null if the file is not a little-endian ELF file of 64 bits.</summary>
    internal static ElfHeaders? TryRead(int fd)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        // Magic, 64 bits, little endian.
        if (LibC.ReadAt(fd, header, 0) != HeaderSize || !header.StartsWith("\u007fELF\u0002\u0001"u8))
            return null;
        ElfHeaders elf = new();
        elf.ReadSegments(fd, (long)Read64(header, 32), Read16(header, 54), Read16(header, 56));
        elf.ReadSections(fd, (long)Read64(header, 40), Read16(header, 58), Read16(header, 60), Read16(header, 62));
        return elf;
    }

    private void ReadSegments(int fd, long offset, int size, int count)
    {
        if (size != SegmentSize || offset < 0)
            return;
        Span<byte> table = new byte[Math.Min(count, SegmentsMaximum) * SegmentSize];
        table = table[..LibC.ReadAt(fd, table, offset)];
        tables.Add((offset, table.Length));
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

    private void ReadSections(int fd, long offset, int size, int count, int namesIndex)
    {
        if (size != SectionSize || offset <= 0)
            return;
        Span<byte> table = new byte[Math.Min(count, SectionsMaximum) * SectionSize];
        table = table[..LibC.ReadAt(fd, table, offset)];
        tables.Add((offset, table.Length));
        if (table.Length == count * SectionSize && namesIndex < count)
            names = (long)Read64(table, (namesIndex * SectionSize) + 24);
        for (; table.Length >= SectionSize; table = table[SectionSize..])
        {
            Section section = new(Read32(table, 4), Read32(table, 0), (long)Read64(table, 24), (long)Read64(table, 32));
            HasSymbolTable |= section.Type == SectionSymbolTable;
            if (section is { Type: not SectionNoBits, Offset: >= 0, Size: > 0 })
                sections.Add(section);
        }
    }

    private bool IsForUnwinding(int fd, Section section)
    {
        if (section.Type is SectionSymbolTable or SectionStrings or SectionDynamic or SectionNote or SectionDynamicSymbols)
            return true;
        Span<byte> name = stackalloc byte[SectionNameMaximum];
        name = name[..LibC.ReadAt(fd, name, names + section.Name)];
        return name.IndexOf((byte)0) is > 0 and int end && UnwindingSections.Contains(Encoding.ASCII.GetString(name[..end]));
    }

    /// <summary>A section that has bytes in the file.</summary>
    private readonly record struct Section(uint Type, uint Name, long Offset, long Size);

    private static ushort Read16(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[offset..]);

    private static uint Read32(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);

    private static ulong Read64(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[offset..]);
}
