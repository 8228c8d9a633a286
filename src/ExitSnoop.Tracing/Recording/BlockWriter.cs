using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using ExitSnoop.Records;

namespace ExitSnoop.Recording;

/// <summary>
/// Collects exits in a block. What was added can be taken as a part of the block at any time, to be written to the file.
/// The parts of a block form one deflate stream, so later parts are compressed against earlier ones.
/// </summary>
/// <param name="userName">Returns the name of a user on this machine; null if there is no such user.</param>
/// <param name="keepArguments">Whether the arguments of processes are kept.</param>
internal sealed class BlockWriter(Func<uint, string?> userName, bool keepArguments) : IDisposable
{
    private const int LongestName = 256;

    private readonly byte[] items = new byte[RecordingFormat.BlockMaximum];
    private readonly MemoryStream output = new(RecordingFormat.BlockMaximum);
    private readonly List<uint> users = [];
    private DeflateStream? deflate;
    private int used, partStart;
    private PartHeader part;

    /// <summary>How many exits are not yet in a part.</summary>
    internal int Exits => part.Exits;

    /// <summary>The time of the oldest of them, in nanoseconds of the boot clock.</summary>
    internal ulong First => part.First;

    /// <summary>Whether the wall clock has changed so much that an exit must go into another part, because a part has only one offset.</summary>
    internal bool NeedsOtherPart(long wallOffset) =>
        part.Exits > 0 && Math.Abs(wallOffset - part.WallOffset) > RecordingFormat.WallTolerance;

    /// <summary>Adds an exit; returns false if the block has no room for it.</summary>
    /// <param name="exit">Its record.</param>
    /// <param name="exec">The record of its exec, which has the command if the record of the exit has none.</param>
    /// <param name="crash">The report of its crash as JSON (<see cref="CrashJson"/>); empty if it did not crash.</param>
    /// <param name="wallOffset">Nanoseconds to add to its times to get Unix time.</param>
    internal bool TryAdd(in RecordView exit, in RecordView exec, ReadOnlySpan<byte> crash, long wallOffset)
    {
        bool hasCommand = exit.HasDetail && exit.Detail.ArgsSize + exit.Detail.PathSize > 0;
        RecordView command = exec.HasDetail && !hasCommand ? exec : exit;
        int arguments = exit.HasDetail && keepArguments ? command.Arguments.Length : 0;
        int length = !exit.HasDetail ? RecordView.DetailOffset
            : RecordView.BytesOffset + MemoryMarshal.AsBytes(exit.Ancestors).Length + command.Path.Length + exit.Directory.Length + exit.Cgroup.Length + arguments;
        if (crash.Length > CrashJson.SizeMaximum)
            crash = [];
        // The exit, its crash and the names of at most two users.
        int most = length + crash.Length + (2 * (LongestName + sizeof(uint))) + (4 * RecordingFormat.ItemHeaderSize);
        if (used + most > items.Length)
            return false;
        if (exit.HasDetail)
        {
            AddUser(exit.Detail.Uid);
            if (exit.Detail.LoginUid != uint.MaxValue)
                AddUser(exit.Detail.LoginUid);
        }
        Write(exit, command, BeginItem(ItemKind.Exit, length), arguments);
        if (!crash.IsEmpty)
            crash.CopyTo(BeginItem(ItemKind.Crash, crash.Length));

        ulong time = exit.Record.ExitTime;
        if (part.Exits++ == 0)
            (part.First, part.Last, part.WallOffset) = (time, time, wallOffset);
        part.First = Math.Min(part.First, time);
        part.Last = Math.Max(part.Last, time);
        return true;
    }

    /// <summary>
    /// Takes what was added since the last part as a new part: the bytes of its header and payload, valid until the next call.
    /// </summary>
    /// <param name="number">The number of the part in its segment.</param>
    /// <param name="segment">The checksum of the segment's head.</param>
    /// <param name="header">The header of the part.</param>
    internal ReadOnlySpan<byte> TakePart(uint number, uint segment, out PartHeader header)
    {
        part.Kind = deflate is null ? PartKind.Begin : PartKind.Continue;
        output.SetLength(PartHeader.Size);
        output.Position = PartHeader.Size;
        deflate ??= new DeflateStream(output, CompressionLevel.Fastest, leaveOpen: true);
        deflate.Write(items, partStart, used - partStart);
        deflate.Flush();

        Span<byte> bytes = output.GetBuffer().AsSpan(0, (int)output.Length);
        part.Number = number;
        part.Segment = segment;
        part.ItemsLength = used - partStart;
        part.PayloadLength = bytes.Length - PartHeader.Size;
        part.PayloadChecksum = RecordingFormat.Checksum(bytes[PartHeader.Size..]);
        part.Write(bytes);
        header = part;
        part = default;
        partStart = used;
        return bytes;
    }

    /// <summary>Begins a new block. Exits that are not yet in a part are dropped.</summary>
    internal void Clear()
    {
        deflate?.Dispose();
        deflate = null;
        users.Clear();
        (used, partStart, part) = (0, 0, default);
    }

    public void Dispose()
    {
        Clear();
        output.Dispose();
    }

    private Span<byte> BeginItem(ItemKind kind, int length)
    {
        Span<byte> place = items.AsSpan(used);
        BinaryPrimitives.WriteUInt16LittleEndian(place, (ushort)kind);
        BinaryPrimitives.WriteUInt16LittleEndian(place[sizeof(ushort)..], (ushort)length);
        used += RecordingFormat.ItemHeaderSize + length;
        return place.Slice(RecordingFormat.ItemHeaderSize, length);
    }

    private void AddUser(uint id)
    {
        if (users.Contains(id))
            return;
        users.Add(id);
        Span<byte> name = stackalloc byte[LongestName];
        int length = userName(id) is { } found && System.Text.Encoding.UTF8.TryGetBytes(found, name, out int bytes) ? bytes : 0;
        Span<byte> item = BeginItem(ItemKind.User, sizeof(uint) + length);
        BinaryPrimitives.WriteUInt32LittleEndian(item, id);
        name[..length].CopyTo(item[sizeof(uint)..]);
    }

    private static void Write(in RecordView exit, in RecordView command, Span<byte> bytes, int arguments)
    {
        const RecordFlags ofArguments = RecordFlags.ArgumentsCut | RecordFlags.ArgumentsHeadCut, ofCommand = ofArguments | RecordFlags.PathCut;
        ref ExitRecord record = ref MemoryMarshal.AsRef<ExitRecord>(bytes);
        record = exit.Record;
        if (!exit.HasDetail)
            return;
        record.Flags = (record.Flags & ~ofCommand) | (command.Record.Flags & ofCommand);
        if (arguments == 0)
            record.Flags &= ~ofArguments;
        ref ExitDetail detail = ref MemoryMarshal.AsRef<ExitDetail>(bytes[RecordView.DetailOffset..]);
        detail = exit.Detail;
        detail.PathSize = (ushort)command.Path.Length;
        detail.ArgsSize = (ushort)arguments;

        Span<byte> rest = bytes[RecordView.BytesOffset..];
        void Put(ReadOnlySpan<byte> what, ref Span<byte> to)
        {
            what.CopyTo(to);
            to = to[what.Length..];
        }

        Put(MemoryMarshal.AsBytes(exit.Ancestors), ref rest);
        Put(command.Path, ref rest);
        Put(exit.Directory, ref rest);
        Put(exit.Cgroup, ref rest);
        Put(command.Arguments[..arguments], ref rest);
    }
}
