namespace ExitSnoop.Crash;

/// <summary>
/// A request to the unwinder: a thread's registers, the copied parts of its stacks and the mapped modules. The files of the
/// modules and their separate symbol files are sent with it as open descriptors.
/// </summary>
internal sealed record UnwindRequest(Registers Registers, IReadOnlyList<StackPart> Stacks, IReadOnlyList<UnwindModule> Modules)
{
    internal const int SizeMaximum = 64 << 10;

    /// <summary>Writes the message into a buffer; returns its length in bytes.</summary>
    internal int Write(byte[] buffer)
    {
        using MemoryStream stream = new(buffer);
        using BinaryWriter writer = new(stream);
        writer.Write(Registers.Values.Length);
        foreach (ulong value in Registers.Values)
            writer.Write(value);
        writer.Write(Stacks.Count);
        foreach (StackPart part in Stacks)
        {
            writer.Write(part.StackPointer);
            writer.Write(part.Readable);
            writer.Write(part.Bytes.Span);
        }
        writer.Write(Modules.Count);
        foreach (UnwindModule module in Modules)
        {
            writer.Write(module.Start);
            writer.Write(module.End);
            writer.Write(module.Bias);
            writer.Write(module.HasFile);
            writer.Write(module.HasSymbolFile);
        }
        return (int)stream.Position;
    }

    /// <summary>Reads a message. The stacks are not copied: they refer to the buffer.</summary>
    internal static UnwindRequest Read(byte[] buffer, int length)
    {
        using MemoryStream stream = new(buffer, 0, length);
        using BinaryReader reader = new(stream);
        ulong[] registers = new ulong[reader.ReadInt32()];
        for (int i = 0; i < registers.Length; i++)
            registers[i] = reader.ReadUInt64();
        StackPart[] stacks = new StackPart[reader.ReadInt32()];
        for (int i = 0; i < stacks.Length; i++)
        {
            (ulong pointer, uint readable) = (reader.ReadUInt64(), reader.ReadUInt32());
            stacks[i] = new StackPart(pointer, readable, buffer.AsMemory((int)stream.Position, StackMemory.PartSize));
            stream.Position += StackMemory.PartSize;
        }
        UnwindModule[] modules = new UnwindModule[reader.ReadInt32()];
        for (int i = 0; i < modules.Length; i++)
            modules[i] = new UnwindModule(
                reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadBoolean(), reader.ReadBoolean());
        return new UnwindRequest(new Registers(registers), stacks, modules);
    }
}

/// <summary>A mapped module.</summary>
/// <param name="Start">The first address of its executable mapping.</param>
/// <param name="End">The address after its executable mapping.</param>
/// <param name="Bias">The number to add to addresses in the file to get addresses in the process.</param>
/// <param name="HasFile">Whether its file is sent with the request.</param>
/// <param name="HasSymbolFile">Whether a separate symbol file is sent with the request, too.</param>
internal readonly record struct UnwindModule(ulong Start, ulong End, ulong Bias, bool HasFile, bool HasSymbolFile);
