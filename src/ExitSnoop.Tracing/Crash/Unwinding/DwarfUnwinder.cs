using System.Runtime.InteropServices;
using ExitSnoop.Linux;

namespace ExitSnoop.Crash.Unwinding;

/// <summary>Finds the frames of a stack by call frame information, and their symbols. It uses libdw.</summary>
internal sealed unsafe class DwarfUnwinder : IDisposable
{
    private const int ThreadId = 1;

    private static readonly LibDw.Callbacks* Callbacks = MakeCallbacks();
    private static readonly LibDw.ThreadCallbacks* ThreadCallbacks = MakeThreadCallbacks();

    /// <summary>The unwinder in use. It is static, because libdw passes no argument of the caller to the callback for symbol files.</summary>
    private static DwarfUnwinder? current;

    private readonly UnwindRequest request;
    private readonly StackMemory stack;
    private readonly List<(ulong Address, bool WasInterrupted)> frames = [];
    private readonly int[] symbolFiles;
    private readonly nint session;
    private Registers registers;
    private GCHandle self;

    /// <param name="request">What to unwind.</param>
    /// <param name="stack">The stacks of the request.</param>
    /// <param name="descriptors">The files of the modules, each followed by its symbol file if it has one. This object closes them.</param>
    internal DwarfUnwinder(UnwindRequest request, StackMemory stack, IReadOnlyList<int> descriptors)
    {
        this.request = request;
        this.stack = stack;
        registers = request.Registers;
        symbolFiles = new int[request.Modules.Count];
        self = GCHandle.Alloc(this);
        current = this;
        session = LibDw.dwfl_begin(Callbacks);
        LibDw.dwfl_report_begin(session);
        Report(descriptors);
        _ = LibDw.dwfl_report_end(session, 0, 0);
    }

    internal UnwindResponse Unwind()
    {
        // After a call to an address where nothing is mapped, libdw can only start at the frame of the caller.
        while (frames.Count == 0 && !request.Modules.Any(module => module.Start <= registers.InstructionPointer && registers.InstructionPointer < module.End))
        {
            frames.Add((registers.InstructionPointer, true));
            ulong caller = 0;
            if (registers.IsX64 && !stack.TryRead(registers.StackPointer, out caller))
                break;
            registers = registers.BeforeCall(caller);
        }
        if (LibDw.dwfl_attach_state(session, 0, ThreadId, ThreadCallbacks, GCHandle.ToIntPtr(self)))
            _ = LibDw.dwfl_getthread_frames(session, ThreadId, &AddFrame, GCHandle.ToIntPtr(self));
        if (frames.Count == 0)
            frames.Add((registers.InstructionPointer, true));
        return new UnwindResponse(Describe(), UnwindMethod.CallFrameInformation, stack.WasExceeded);
    }

    public void Dispose()
    {
        LibDw.dwfl_end(session);
        current = null;
        foreach (int fd in symbolFiles)
            if (fd > 0)
                _ = LibC.close(fd);
        self.Free();
    }

    private void Report(IReadOnlyList<int> descriptors)
    {
        int next = 0;
        // A file that is mapped twice is reported once, because libdw rejects overlapping modules.
        HashSet<ulong> reported = [];
        for (int i = 0; i < request.Modules.Count; i++)
        {
            UnwindModule module = request.Modules[i];
            if (!module.HasFile)
                continue;
            int fd = descriptors[next++];
            if (module.HasSymbolFile)
                symbolFiles[i] = descriptors[next++];
            string name = i.ToString(System.Globalization.CultureInfo.InvariantCulture);
            if (!reported.Add(module.Bias) || LibDw.dwfl_report_elf(session, name, name, fd, module.Bias, addFileAddress: true) == 0)
                _ = LibC.close(fd);
        }
    }

    private UnwoundFrame[] Describe()
    {
        // If the call was the last instruction of a function, the return address is beyond its end.
        ulong[] addresses = [.. frames.Select(frame => frame.WasInterrupted ? frame.Address : frame.Address - 1)];
        UnwoundFrame[] described = [.. frames.Select(frame => new UnwoundFrame(frame.Address, frame.WasInterrupted, null, 0))];
        foreach (IGrouping<nint, int> inModule in Enumerable.Range(0, frames.Count).GroupBy(i => LibDw.dwfl_addrmodule(session, addresses[i])))
        {
            if (inModule.Key == 0)
                continue;
            int[] members = [.. inModule];
            (string? Name, ulong Offset)[] found = SymbolSearch.Find(inModule.Key, Array.ConvertAll(members, i => addresses[i]));
            foreach ((int i, (string? name, ulong offset)) in members.Zip(found))
                if (name is not null)
                    described[i] = described[i] with { Symbol = name, SymbolOffset = offset + (frames[i].Address - addresses[i]) };
        }
        return described;
    }

    private static DwarfUnwinder Of(nint argument) => (DwarfUnwinder)GCHandle.FromIntPtr(argument).Target!;

    [UnmanagedCallersOnly]
    private static int AddFrame(nint frame, nint argument)
    {
        DwarfUnwinder unwinder = Of(argument);
        byte isActivation;
        if (!LibDw.dwfl_frame_pc(frame, out ulong address, &isActivation) || unwinder.frames.Count >= UnwindResponse.FramesMaximum)
            return LibDw.Stop;
        // libdw treats its first frame as the interrupted one. After a bad call this is the caller, which was not interrupted.
        bool isCaller = unwinder.registers != unwinder.request.Registers && unwinder.frames.Count == 1;
        unwinder.frames.Add((address, isActivation != 0 && !isCaller));
        return LibDw.Continue;
    }

    [UnmanagedCallersOnly]
    private static int NextThread(nint session, nint argument, nint* thread)
    {
        if (*thread != 0)
            return 0;
        *thread = argument;
        return ThreadId;
    }

    [UnmanagedCallersOnly]
    private static byte MemoryRead(nint session, ulong address, ulong* value, nint argument) =>
        Of(argument).stack.TryRead(address, out *value) ? (byte)1 : (byte)0;

    [UnmanagedCallersOnly]
    private static byte SetInitialRegisters(nint thread, nint argument)
    {
        Registers registers = Of(argument).registers;
        ulong[] values = registers.InDwarfOrder;
        fixed (ulong* first = values)
        {
            if (!LibDw.dwfl_thread_state_registers(thread, 0, (uint)values.Length, first))
                return 0;
        }
        if (!registers.IsX64)
            LibDw.dwfl_thread_state_register_pc(thread, registers.InstructionPointer);
        return 1;
    }

    /// <summary>Returns the symbol file that was sent with the request, or one from debuginfod if the environment names servers; -1 if there is none.</summary>
    [UnmanagedCallersOnly]
    private static int FindDebugInfo(
        nint module, nint* userData, byte* name, ulong start, byte* fileName, byte* debugLink, uint checksum, byte** found)
    {
        if (current is { } unwinder
            && int.TryParse(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name), out int index)
            && unwinder.symbolFiles[index] is > 0 and int fd)
        {
            unwinder.symbolFiles[index] = 0;
            return fd;
        }
        return DebugInfod.IsConfigured
            ? LibDw.dwfl_standard_find_debuginfo(module, userData, name, start, fileName, debugLink, checksum, found)
            : -1;
    }

    private static LibDw.Callbacks* MakeCallbacks()
    {
        LibDw.Callbacks* callbacks = (LibDw.Callbacks*)NativeMemory.AllocZeroed((nuint)sizeof(LibDw.Callbacks));
        callbacks->FindDebugInfo = &FindDebugInfo;
        return callbacks;
    }

    private static LibDw.ThreadCallbacks* MakeThreadCallbacks()
    {
        LibDw.ThreadCallbacks* callbacks = (LibDw.ThreadCallbacks*)NativeMemory.AllocZeroed((nuint)sizeof(LibDw.ThreadCallbacks));
        callbacks->NextThread = &NextThread;
        callbacks->MemoryRead = &MemoryRead;
        callbacks->SetInitialRegisters = &SetInitialRegisters;
        return callbacks;
    }
}
