using System.Buffers.Binary;

namespace ExitSnoop.Crash;

/// <summary>
/// The copied parts of a thread's stacks: of the stack on which it ended and, if it ended in a signal handler, of the stack that the
/// handler interrupted.
/// </summary>
internal sealed class StackMemory(IReadOnlyList<StackPart> parts)
{
    internal const int PageSize = 4096, Pages = 5, PartSize = Pages * PageSize;

    /// <summary>An address up to this many bytes above a part is assumed to be in the same stack.</summary>
    private const ulong StackMaximum = 64UL << 20;

    /// <summary>Whether a read went beyond the end of a copied part.</summary>
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

/// <summary>Five pages of a stack, beginning with the page of the stack pointer. Some of them may be missing.</summary>
/// <param name="StackPointer">The value of the stack pointer.</param>
/// <param name="Readable">Bit n: page n was readable.</param>
/// <param name="Bytes">The five pages. The content of missing pages is undefined.</param>
internal sealed record StackPart(ulong StackPointer, uint Readable, Memory<byte> Bytes)
{
    /// <summary>The address after the last page.</summary>
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
