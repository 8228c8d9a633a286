using System.Buffers.Binary;

namespace ExitSnoop.Crash;

/// <summary>
/// The registers that the kernel saves on a stack when it calls a handler of a signal, in the order of struct sigcontext
/// (arch/x86/include/uapi/asm/sigcontext.h, arch/arm64/include/uapi/asm/sigcontext.h).
/// </summary>
internal static class SavedContext
{
    /// <summary>Indexes of struct pt_regs: r8 to r15 di si bp bx dx, then ax, which the kernel may change before, cx sp.</summary>
    private static readonly int[] X64 = [9, 8, 7, 6, 3, 2, 1, 0, 14, 13, 4, 5, 12, -1, 11, 19];

    /// <summary>x1 to x30, sp; of arm64 it may change x0.</summary>
    private static readonly int[] Arm64 = [.. Enumerable.Range(1, 31)];

    /// <summary>
    /// Whether a handler that interrupted a thread at these registers has not returned. A program that goes on after a fault,
    /// by siglongjmp(3) or because its handler has mended the cause, may die of another later.
    /// </summary>
    /// <param name="interrupted">The registers.</param>
    /// <param name="stack">The copied part of the stack on which the thread ended.</param>
    /// <param name="stackPointer">Where it ended: what lies below is not in use any more.</param>
    internal static bool IsOn(ReadOnlySpan<byte> stack, ulong stackPointer, Registers interrupted)
    {
        int[] order = interrupted.IsX64 ? X64 : Arm64;
        int start = (int)(stackPointer % StackMemory.PageSize) & ~(sizeof(ulong) - 1);
        for (int offset = start; offset + (order.Length * sizeof(ulong)) <= stack.Length; offset += sizeof(ulong))
            if (IsAt(stack[offset..], interrupted, order))
                return true;
        return false;
    }

    private static bool IsAt(ReadOnlySpan<byte> words, Registers interrupted, int[] order)
    {
        for (int i = 0; i < order.Length; i++)
            if (order[i] >= 0 && BinaryPrimitives.ReadUInt64LittleEndian(words[(i * sizeof(ulong))..]) != interrupted.Values[order[i]])
                return false;
        return true;
    }
}
