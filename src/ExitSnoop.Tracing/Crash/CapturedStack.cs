namespace ExitSnoop.Crash;

/// <summary>The registers of a thread and a copy of a part of its stack, which may contain secrets.</summary>
internal sealed class CapturedStack
{
    private PrivatePages? pages;

    private CapturedStack(Registers registers) => Registers = registers;

    internal Registers Registers { get; }

    /// <summary>The copied part; null if it was not kept or has been wiped.</summary>
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
