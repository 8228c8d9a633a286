namespace ExitSnoop.Crash;

/// <summary>
/// The registers of a thread as the kernel saved them: struct pt_regs of x86-64 (21 values), or
/// struct user_pt_regs of arm64 (34).
/// </summary>
internal sealed class Registers
{
    private const int X64Count = 21;

    // Where arch/x86/include/asm/ptrace.h keeps what DWARF numbers 0 to 16: ax dx cx bx si di bp sp r8 to r15 ip.
    private static readonly int[] X64Dwarf = [10, 12, 11, 5, 13, 14, 4, 19, 9, 8, 7, 6, 3, 2, 1, 0, 16];

    private readonly ulong[] values;

    internal Registers(ReadOnlySpan<ulong> values) => this.values = values.ToArray();

    internal bool IsX64 => values.Length == X64Count;

    internal ulong InstructionPointer => values[IsX64 ? 16 : 32];

    internal ulong StackPointer => values[IsX64 ? 19 : 31];

    internal ulong FramePointer => values[IsX64 ? 4 : 29];

    /// <summary>The values in DWARF's order: on x86-64 with the instruction pointer as the last, on arm64 x0 to x30 and sp.</summary>
    internal ulong[] InDwarfOrder => IsX64 ? [.. X64Dwarf.Select(index => values[index])] : values[..32];

    /// <summary>
    /// The registers as the caller of a function has them that did not begin yet: after a call to an
    /// address where nothing is mapped.
    /// </summary>
    /// <param name="returnAddress">On x86-64 the word at the stack pointer; arm64 has it in x30.</param>
    internal Registers BeforeCall(ulong returnAddress)
    {
        ulong[] caller = [.. values];
        if (IsX64)
        {
            caller[16] = returnAddress;
            caller[19] += sizeof(ulong);
        }
        else
        {
            caller[32] = caller[30];
        }
        return new Registers(caller);
    }

    internal static int Count(uint bytes) => (int)bytes / sizeof(ulong);

    internal ReadOnlySpan<ulong> Values => values;
}
