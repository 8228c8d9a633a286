namespace ExitSnoop.Crash;

/// <summary>
/// The frames that the unwinder found. The message is not trusted, because a malicious file could have taken control of the unwinder.
/// </summary>
/// <param name="Frames">From the innermost to the outermost.</param>
/// <param name="Method">How they were found.</param>
/// <param name="StackExceeded">Whether outer frames are missing because only a part of the stack was copied.</param>
internal sealed record UnwindResponse(IReadOnlyList<UnwoundFrame> Frames, UnwindMethod Method, bool StackExceeded)
{
    internal const int SizeMaximum = 128 << 10, FramesMaximum = 128, SymbolMaximum = 512;

    /// <summary>Writes the message into a buffer; returns its length in bytes.</summary>
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

    /// <summary>Reads a message; null if the bytes are not a valid message.</summary>
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

/// <summary>A frame with its address and its symbol.</summary>
/// <param name="InstructionPointer">In an interrupted frame the address of that instruction, in others the return address.</param>
/// <param name="WasInterrupted">Whether a fault or a signal interrupted the thread here; false if the frame called another function.</param>
/// <param name="Symbol">The function, demangled; null if it is not known.</param>
/// <param name="SymbolOffset">The distance from the beginning of the function in bytes.</param>
internal readonly record struct UnwoundFrame(ulong InstructionPointer, bool WasInterrupted, string? Symbol, ulong SymbolOffset);

/// <summary>How the unwinder finds frames.</summary>
internal enum UnwindMethod : byte
{
    /// <summary>By call frame information, with libdw.</summary>
    CallFrameInformation,

    /// <summary>By the chain of frame pointers.</summary>
    FramePointers,
}
