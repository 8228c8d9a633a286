using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using ExitSnoop.Records;

namespace ExitSnoop.Recording;

/// <summary>The exits of a block, in the order in which they were recorded. The object is reused for one block after another.</summary>
internal sealed class RecordedBlock
{
    private readonly byte[] items = new byte[RecordingFormat.BlockMaximum];
    private readonly List<Entry> entries = [];
    private byte[] payload = new byte[RecordingFormat.BlockMaximum];
    private Dictionary<uint, string?> users = [];
    private bool usersHandedOut;

    internal int Count => entries.Count;

    /// <summary>The exits of the block that cannot be read; null if all can be read.</summary>
    internal Damage? Damage { get; set; }

    /// <summary>The names of the users in the exits, by ID. The dictionary does not change when the object is reused.</summary>
    internal IReadOnlyDictionary<uint, string?> Users
    {
        get
        {
            usersHandedOut = true;
            return users;
        }
    }

    /// <summary>The bytes of an exit's record.</summary>
    internal ReadOnlySpan<byte> Exit(int index) => items.AsSpan(entries[index].Offset, entries[index].Length);

    /// <summary>The report of its crash as JSON; empty if it did not crash.</summary>
    internal ReadOnlySpan<byte> Crash(int index) => items.AsSpan(entries[index].CrashOffset, entries[index].CrashLength);

    internal long WallOffset(int index) => entries[index].WallOffset;

    internal void Clear()
    {
        entries.Clear();
        Damage = null;
        if (usersHandedOut)
            users = [];
        else
            users.Clear();
        usersHandedOut = false;
    }

    /// <summary>Memory for <paramref name="length"/> compressed bytes, after the first <paramref name="start"/> bytes.</summary>
    internal Span<byte> Payload(int start, int length)
    {
        if (payload.Length < start + length)
            Array.Resize(ref payload, Math.Max(2 * payload.Length, start + length));
        return payload.AsSpan(start, length);
    }

    /// <summary>Decompresses the payload; returns false if it is damaged or does not have this length.</summary>
    internal bool Decompress(int compressed, int length)
    {
        try
        {
            using MemoryStream input = new(payload, 0, compressed, writable: false);
            using DeflateStream inflate = new(input, CompressionMode.Decompress);
            return inflate.ReadAtLeast(items.AsSpan(0, length), length, throwOnEndOfStream: false) == length;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    /// <summary>Finds the items of one part; returns false if they are malformed.</summary>
    internal bool Parse(int start, int length, long wallOffset)
    {
        for (int end = start + length; start < end;)
        {
            if (end - start < RecordingFormat.ItemHeaderSize)
                return false;
            ItemKind kind = (ItemKind)BinaryPrimitives.ReadUInt16LittleEndian(items.AsSpan(start));
            int size = BinaryPrimitives.ReadUInt16LittleEndian(items.AsSpan(start + sizeof(ushort)));
            start += RecordingFormat.ItemHeaderSize;
            if (size > end - start)
                return false;
            switch (kind)
            {
                case ItemKind.Exit:
                    if (!IsExit(items.AsSpan(start, size), wallOffset))
                        return false;
                    entries.Add(new Entry(start, size, 0, 0, wallOffset));
                    break;
                case ItemKind.User when size >= sizeof(uint):
                    string name = Encoding.UTF8.GetString(items.AsSpan(start + sizeof(uint), size - sizeof(uint)));
                    users[BinaryPrimitives.ReadUInt32LittleEndian(items.AsSpan(start))] = name.Length > 0 ? name : null;
                    break;
                case ItemKind.Crash when entries.Count > 0:
                    entries[^1] = entries[^1] with { CrashOffset = start, CrashLength = size };
                    break;
            }
            start += size;
        }
        return true;
    }

    /// <summary>Whether the bytes are the record of an exit with valid times.</summary>
    private static bool IsExit(ReadOnlySpan<byte> bytes, long wallOffset) =>
        RecordView.IsExit(bytes) && RecordView.TryParse(bytes, out RecordView view)
        && PartHeader.IsTime(view.Record.ExitTime, wallOffset) && view.Record.StartTime <= view.Record.ExitTime
        && (long)view.Record.StartTime + wallOffset >= 0;

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Entry(int Offset, int Length, int CrashOffset, int CrashLength, long WallOffset);
}
