namespace ExitSnoop.Crash;

/// <summary>
/// The registers of a thread as the kernel saved them: struct pt_regs of x86-64 (21 values), or
/// struct user_pt_regs of arm64 (34).
/// </summary>
internal sealed class Registers
{
    private const int X64Count = 21;

    // The indexes in struct pt_regs (arch/x86/include/asm/ptrace.h) of the DWARF registers 0 to 16: ax dx cx bx si di bp sp r8 to r15 ip.
    private static readonly int[] X64Dwarf = [10, 12, 11, 5, 13, 14, 4, 19, 9, 8, 7, 6, 3, 2, 1, 0, 16];

    private readonly ulong[] values;

    internal Registers(ReadOnlySpan<ulong> values) => this.values = values.ToArray();

    internal bool IsX64 => values.Length == X64Count;

    internal ulong InstructionPointer => values[IsX64 ? 16 : 32];

    internal ulong StackPointer => values[IsX64 ? 19 : 31];

    internal ulong FramePointer => values[IsX64 ? 4 : 29];

    /// <summary>The values in the order of DWARF's numbers: on x86-64 the last is the instruction pointer, on arm64 they are x0 to x30 and sp.</summary>
    internal ulong[] InDwarfOrder => IsX64 ? [.. X64Dwarf.Select(index => values[index])] : values[..32];

    /// <summary>
    /// The registers of the caller, after a call to an address where nothing is mapped. The called function has not
    /// run, so only the instruction pointer and the stack pointer differ.
    /// </summary>
    /// <param name="returnAddress">The word at the stack pointer. Used on x86-64 only; on arm64 the return address is in x30.</param>
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
