namespace ExitSnoop.Crash;

/// <summary>The registers of a thread and the copied part of its stack, whose bytes may be secret.</summary>
internal sealed class CapturedStack
{
    private PrivatePages? pages;

    private CapturedStack(Registers registers) => Registers = registers;

    internal Registers Registers { get; }

    /// <summary>The copied part; null where it is not kept.</summary>
    internal StackPart? Part { get; private set; }

    internal static CapturedStack From(in CrashStack stack, Registers registers, bool withBytes)
    {
        CapturedStack captured = new(registers);
        if (!withBytes)
            return captured;
        captured.pages = PrivatePages.Take();
        ((ReadOnlySpan<byte>)stack.Bytes).CopyTo(captured.pages.GetSpan());
        captured.Part = new StackPart(registers.StackPointer, stack.Pages, captured.pages.Memory);
        return captured;
    }

    internal void Wipe()
    {
        Part = null;
        pages?.Release();
        pages = null;
    }
}
