namespace ExitSnoop.Crash.Unwinding;

/// <summary>Finds frames by the chain of frame pointers. The chain ends at code that was compiled without them.</summary>
internal static class FramePointerUnwinder
{
    internal static UnwindResponse Unwind(UnwindRequest request)
    {
        StackMemory stack = new(request.Stacks);
        Registers registers = request.Registers;
        List<UnwoundFrame> frames = [new(registers.InstructionPointer, true, null, 0)];
        if (!IsCode(request, registers.InstructionPointer))
        {
            ulong caller = 0;
            if (!registers.IsX64 || stack.TryRead(registers.StackPointer, out caller))
                registers = registers.BeforeCall(caller);
            if (IsCode(request, registers.InstructionPointer))
                frames.Add(new UnwoundFrame(registers.InstructionPointer, false, null, 0));
        }

        ulong pointer = registers.FramePointer, last = registers.StackPointer - 1;
        // Each frame is above the previous one and returns into code. Anything else is not a frame.
        while (frames.Count < UnwindResponse.FramesMaximum && pointer > last && pointer % sizeof(ulong) == 0
            && stack.TryRead(pointer + sizeof(ulong), out ulong address) && IsCode(request, address)
            && stack.TryRead(pointer, out ulong next))
        {
            frames.Add(new UnwoundFrame(address, false, null, 0));
            last = pointer;
            pointer = next;
        }
        return new UnwindResponse(frames, UnwindMethod.FramePointers, stack.WasExceeded);
    }

    private static bool IsCode(UnwindRequest request, ulong address) =>
        request.Modules.Any(module => module.Start <= address && address < module.End);
}
