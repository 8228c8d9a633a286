namespace ExitSnoop.Crash;

/// <summary>The frames that the unwinder found. It is read as if a hostile process had written it.</summary>
/// <param name="Frames">From the innermost to the outermost.</param>
/// <param name="Method">How they were found.</param>
/// <param name="StackExceeded">Whether the copied part of the stack ended before the frames did.</param>
internal sealed record UnwindResponse(IReadOnlyList<UnwoundFrame> Frames, UnwindMethod Method, bool StackExceeded)
{
    internal const int SizeMaximum = 128 << 10, FramesMaximum = 128, SymbolMaximum = 512;

    /// <summary>Writes the message into a buffer; its length.</summary>
    internal int Write(byte[] buffer)
    {
        using MemoryStream stream = new(buffer);
        using BinaryWriter writer = new(stream);
        writer.Write((byte)Method);
        writer.Write(StackExceeded);
        writer.Write((ushort)Frames.Count);
        foreach (UnwoundFrame frame in Frames)
        {
            writer.Write(frame.InstructionPointer);
            writer.Write(frame.WasInterrupted);
            writer.Write(frame.SymbolOffset);
            writer.Write(frame.Symbol ?? "");
        }
        return (int)stream.Position;
    }

    /// <summary>Null where the bytes are not such a message.</summary>
    internal static UnwindResponse? Read(byte[] buffer, int length)
    {
        using MemoryStream stream = new(buffer, 0, length);
        using BinaryReader reader = new(stream);
        try
        {
            UnwindMethod method = (UnwindMethod)reader.ReadByte();
            bool exceeded = reader.ReadBoolean();
            int count = reader.ReadUInt16();
            if (method > UnwindMethod.FramePointers || count > FramesMaximum)
                return null;
            List<UnwoundFrame> frames = new(count);
            for (int i = 0; i < count; i++)
            {
                (ulong address, bool interrupted, ulong offset, string symbol) =
                    (reader.ReadUInt64(), reader.ReadBoolean(), reader.ReadUInt64(), reader.ReadString());
                frames.Add(new UnwoundFrame(address, interrupted, symbol.Length > 0 ? symbol : null, offset));
            }
            return new UnwindResponse(frames, method, exceeded);
        }
        catch (Exception malformed) when (malformed is IOException or FormatException or ArgumentException)
        {
            return null;
        }
    }
}

/// <summary>A frame by its addresses and its symbol.</summary>
/// <param name="InstructionPointer">In the innermost frame where it stopped, in others where it will go on.</param>
/// <param name="WasInterrupted">Whether the thread stopped at this instruction, by a fault or a signal, and did not call from here.</param>
/// <param name="Symbol">The function, demangled; null where none is known.</param>
/// <param name="SymbolOffset">The distance from the function's beginning.</param>
internal readonly record struct UnwoundFrame(ulong InstructionPointer, bool WasInterrupted, string? Symbol, ulong SymbolOffset);

/// <summary>How frames are found.</summary>
internal enum UnwindMethod : byte
{
    /// <summary>By call frame information, with libdw.</summary>
    CallFrameInformation,

    /// <summary>By the chain of frame pointers.</summary>
    FramePointers,
}
