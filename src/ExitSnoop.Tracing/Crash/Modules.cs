using ExitSnoop.Linux;

namespace ExitSnoop.Crash;

/// <summary>The executable mappings of a crashed process, with the files that could be opened.</summary>
/// <param name="capture">The crash.</param>
/// <param name="root">The prefix of its paths; null to open no files.</param>
internal sealed class Modules(CrashCapture capture, string? root) : IDisposable
{
    private readonly ModuleFile?[] files = new ModuleFile?[capture.Mappings.Count];
    private readonly bool[] tried = new bool[capture.Mappings.Count];

    internal void OpenAll()
    {
        for (int i = 0; i < files.Length; i++)
            _ = Open(i);
    }

    /// <summary>The modules for the request to the unwinder, and their files, at most as many as fit into one message.</summary>
    internal (IReadOnlyList<UnwindModule> Modules, int[] Descriptors) ForUnwinder()
    {
        List<UnwindModule> modules = new(files.Length);
        List<int> descriptors = [];
        for (int i = 0; i < files.Length; i++)
        {
            CrashMapping mapping = capture.Mappings[i];
            ModuleFile? file = descriptors.Count + 2 <= DescriptorSocket.DescriptorsMaximum ? files[i] : null;
            ulong? bias = file?.BiasOf(mapping);
            bool hasFile = bias is not null, hasSymbolFile = hasFile && file!.SymbolFd >= 0;
            modules.Add(new UnwindModule(mapping.Start, mapping.End, bias ?? 0, hasFile, hasSymbolFile));
            if (hasFile)
                descriptors.Add(file!.Fd);
            if (hasSymbolFile)
                descriptors.Add(file!.SymbolFd);
        }
        return (modules, [.. descriptors]);
    }

    /// <summary>Whether an address is in a mapped file that could not be opened or was replaced.</summary>
    internal bool IsUnreadable(ulong address) =>
        capture.MappingOf(address) is >= 0 and int index && capture.Mappings[index].Inode != 0 && Open(index) is null;

    internal StackFrame Name(int index, UnwoundFrame frame)
    {
        // If the call was the last instruction of a mapping, the return address is beyond its end.
        int i = capture.MappingOf(frame.WasInterrupted ? frame.InstructionPointer : frame.InstructionPointer - 1);
        if (i < 0)
            return new StackFrame(index, frame.InstructionPointer, null, null, null, null, null);
        CrashMapping mapping = capture.Mappings[i];
        ModuleFile? file = Open(i);
        string path = capture.PathOf(i);
        ulong offset = file?.BiasOf(mapping) is { } bias ? frame.InstructionPointer - bias
            : mapping.Inode == 0 ? frame.InstructionPointer - mapping.Start
            : frame.InstructionPointer - mapping.Start + mapping.Offset;
        return new StackFrame(
            index, frame.InstructionPointer, path.Length > 0 ? path : null, offset, file?.BuildId, frame.Symbol, frame.Symbol is null ? null : frame.SymbolOffset);
    }

    public void Dispose()
    {
        foreach (ModuleFile? file in files)
            file?.Dispose();
    }

    private ModuleFile? Open(int index)
    {
        if (!tried[index] && root is not null && capture.Mappings[index].Inode != 0)
            files[index] = ModuleFile.TryOpen(capture.Mappings[index], root, capture.PathOf(index));
        tried[index] = true;
        return files[index];
    }
}
