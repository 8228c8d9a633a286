using System.Collections.Concurrent;

namespace ExitSnoop.Crash;

/// <summary>The registers of a thread and the copied part of its stack, whose bytes may be secret.</summary>
internal sealed class CapturedStack
{
    // The collector moves other arrays, and leaves what they held where they lay.
    private static readonly ConcurrentBag<byte[]> Buffers = [];

    private CapturedStack(Registers registers) => Registers = registers;

    internal Registers Registers { get; }

    /// <summary>The copied part; null where it is not kept.</summary>
    internal StackPart? Part { get; private set; }

    internal static CapturedStack From(in CrashStack stack, int registers, bool withBytes)
    {
        Registers values = new(((ReadOnlySpan<ulong>)stack.Registers)[..registers]);
        if (!withBytes)
            return new CapturedStack(values);
        if (!Buffers.TryTake(out byte[]? buffer))
            buffer = GC.AllocateUninitializedArray<byte>(StackMemory.PartSize, pinned: true);
        ((ReadOnlySpan<byte>)stack.Bytes).CopyTo(buffer);
        return new CapturedStack(values) { Part = new StackPart(values.StackPointer, stack.Pages, buffer) };
    }

    internal void Wipe()
    {
        if (Part is not { Bytes: { } buffer })
            return;
        Part = null;
        Array.Clear(buffer);
        Buffers.Add(buffer);
    }
}
