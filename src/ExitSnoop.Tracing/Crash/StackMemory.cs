using System.Buffers.Binary;

namespace ExitSnoop.Crash;

/// <summary>The copied parts of a thread's stacks: of the one that it ended on, and of the one where it handled the signal before.</summary>
internal sealed class StackMemory(IReadOnlyList<StackPart> parts)
{
    internal const int PageSize = 4096, Pages = 5, PartSize = Pages * PageSize;

    /// <summary>How far above a part an address is still taken for one of the same stack.</summary>
    private const ulong StackMaximum = 64UL << 20;

    /// <summary>Whether a read went beyond what was copied.</summary>
    internal bool WasExceeded { get; private set; }

    internal bool TryRead(ulong address, out ulong value)
    {
        foreach (StackPart part in parts)
            if (part.TryRead(address, out value))
                return true;
        WasExceeded |= parts.Any(part => address >= part.End && address - part.End < StackMaximum);
        value = 0;
        return false;
    }
}

/// <summary>Five pages of a stack from the one that the stack pointer is in, of which some may be missing.</summary>
/// <param name="StackPointer">Where the stack pointer was.</param>
/// <param name="Readable">Bit n: page n is there.</param>
/// <param name="Bytes">All pages; those that are missing hold anything.</param>
internal sealed record StackPart(ulong StackPointer, uint Readable, Memory<byte> Bytes)
{
    /// <summary>The address behind it.</summary>
    internal ulong End => Start + StackMemory.PartSize;

    private ulong Start => StackPointer & ~(ulong)(StackMemory.PageSize - 1);

    internal bool TryRead(ulong address, out ulong value)
    {
        ulong offset = address - Start;
        bool isHere = offset <= StackMemory.PartSize - sizeof(ulong) && Has(offset) && Has(offset + sizeof(ulong) - 1);
        value = isHere ? BinaryPrimitives.ReadUInt64LittleEndian(Bytes.Span[(int)offset..]) : 0;
        return isHere;
    }

    private bool Has(ulong offset) => (Readable >> (int)(offset / StackMemory.PageSize) & 1) != 0;
}
