using System.Buffers.Binary;

namespace ExitSnoop.Crash;

/// <summary>
/// The registers that the kernel saves on the user's stack when it calls a signal handler, in the order of struct sigcontext
/// (arch/x86/include/uapi/asm/sigcontext.h, arch/arm64/include/uapi/asm/sigcontext.h).
/// </summary>
internal static class SavedContext
{
    /// <summary>
    /// Indexes in struct pt_regs of r8 to r15 di si bp bx dx ax cx sp. -1 stands for ax, which is not compared: the kernel may change
    /// it before it saves the registers.
    /// </summary>
    private static readonly int[] X64 = [9, 8, 7, 6, 3, 2, 1, 0, 14, 13, 4, 5, 12, -1, 11, 19];

    /// <summary>x1 to x30 and sp. x0 is not compared: the kernel may change it before it saves the registers.</summary>
    private static readonly int[] Arm64 = [.. Enumerable.Range(1, 31)];

    /// <summary>
    /// Whether the thread ended in the handler that had interrupted it at these registers: they are then still saved on its
    /// stack. A program that continues after a fault, by siglongjmp(3) or because its handler removed the cause, may later
    /// crash elsewhere.
    /// </summary>
    /// <param name="interrupted">The registers.</param>
    /// <param name="stack">The copied part of the stack on which the thread ended.</param>
    /// <param name="stackPointer">The stack pointer when the thread ended. Memory below it is no longer in use.</param>
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
