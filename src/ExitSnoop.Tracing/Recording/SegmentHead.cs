using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using ExitSnoop.Records;

namespace ExitSnoop.Recording;

/// <summary>The head of a segment: from which machine the exits are, and in which layout they are stored.</summary>
internal sealed record SegmentHead
{
    private const int VersionOffset = 8, ChecksumOffset = 12, TextOffset = 16;

    internal static ReadOnlySpan<byte> Magic => "EXITREC\u001a"u8;

    internal int Number { get; init; }

    internal string Host { get; init; } = "";

    internal string Machine { get; init; } = "";

    internal string Boot { get; init; } = "";

    internal string Kernel { get; init; } = "";

    internal string Architecture { get; init; } = "";

    internal int PageSize { get; init; } = Environment.SystemPageSize;

    internal string Program { get; init; } = "";

    /// <summary>When the segment was begun, in nanoseconds of the boot clock.</summary>
    internal ulong Time { get; init; }

    /// <summary>Nanoseconds to add to <see cref="Time"/> to get Unix time.</summary>
    internal long WallOffset { get; init; }

    /// <summary>The checksum of the head. Each part contains it, so that a part of another segment is recognized.</summary>
    internal uint Checksum { get; init; }

    /// <summary>The head for segments of this machine, without number and time.</summary>
    internal static SegmentHead Here() => new()
    {
        Host = Environment.MachineName,
        Machine = ReadLine("/etc/machine-id"),
        Boot = ReadLine("/proc/sys/kernel/random/boot_id"),
        Kernel = ReadLine("/proc/sys/kernel/osrelease"),
        Architecture = RuntimeInformation.OSArchitecture switch
        {
            System.Runtime.InteropServices.Architecture.X64 => "x86_64",
            System.Runtime.InteropServices.Architecture.Arm64 => "aarch64",
            System.Runtime.InteropServices.Architecture other => other.ToString(),
        },
        Program = typeof(SegmentHead).Assembly.GetName().Version?.ToString(3) ?? "",
    };

    /// <summary>The bytes of both copies of the head, with which a segment begins.</summary>
    internal byte[] ToBytes(out uint checksum)
    {
        string text = string.Create(CultureInfo.InvariantCulture, $"""
            segment={Number}
            host={OneLine(Host)}
            machine={OneLine(Machine)}
            boot={OneLine(Boot)}
            kernel={OneLine(Kernel)}
            architecture={OneLine(Architecture)}
            page-size={PageSize}
            program={OneLine(Program)}
            layout={RecordingFormat.Layout}
            record-size={RecordView.DetailOffset}
            detail-size={RecordView.BytesOffset - RecordView.DetailOffset}
            time={Time}
            wall-offset={WallOffset}

            """);
        byte[] bytes = new byte[RecordingFormat.PartsOffset];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(VersionOffset), RecordingFormat.Version);
        Encoding.UTF8.GetBytes(text, bytes.AsSpan(TextOffset, RecordingFormat.HeadSize - TextOffset));
        checksum = RecordingFormat.Checksum(bytes.AsSpan(TextOffset, RecordingFormat.HeadSize - TextOffset));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(ChecksumOffset), checksum);
        bytes.AsSpan(0, RecordingFormat.HeadSize).CopyTo(bytes.AsSpan(RecordingFormat.HeadSize));
        return bytes;
    }

    /// <summary>Reads the first copy that is not damaged.</summary>
    /// <param name="bytes">The beginning of a file, at most both copies.</param>
    /// <returns>The head; null if both copies are damaged or cut off.</returns>
    /// <exception cref="UnknownFormatException">The head is of a version that this program does not know.</exception>
    internal static SegmentHead? Read(ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= RecordingFormat.HeadSize; bytes = bytes[RecordingFormat.HeadSize..])
        {
            ReadOnlySpan<byte> text = bytes[TextOffset..RecordingFormat.HeadSize];
            uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(bytes[ChecksumOffset..]);
            if (!bytes.StartsWith(Magic) || RecordingFormat.Checksum(text) != checksum)
                continue;
            int version = BinaryPrimitives.ReadInt32LittleEndian(bytes[VersionOffset..]);
            return version == RecordingFormat.Version ? Parse(text, checksum) : throw new UnknownFormatException(version);
        }
        return null;
    }

    private static SegmentHead Parse(ReadOnlySpan<byte> bytes, uint checksum)
    {
        Dictionary<string, string> lines = [];
        foreach (string line in Encoding.UTF8.GetString(bytes.TrimEnd((byte)0)).Split('\n'))
            if (line.IndexOf('=', StringComparison.Ordinal) is > 0 and int equals)
                lines[line[..equals]] = line[(equals + 1)..];
        string Text(string name) => lines.GetValueOrDefault(name, "");
        long Number(string name) => long.TryParse(Text(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : 0;

        if (Number("layout") != RecordingFormat.Layout || Number("record-size") != RecordView.DetailOffset
            || Number("detail-size") != RecordView.BytesOffset - RecordView.DetailOffset)
            throw new UnknownFormatException(RecordingFormat.Version, Text("layout"));
        return new SegmentHead
        {
            Number = (int)Number("segment"),
            Host = Text("host"),
            Machine = Text("machine"),
            Boot = Text("boot"),
            Kernel = Text("kernel"),
            Architecture = Text("architecture"),
            PageSize = Number("page-size") is > 0 and <= 1 << 20 and long size ? (int)size : Environment.SystemPageSize,
            Program = Text("program"),
            Time = (ulong)Number("time"),
            WallOffset = Number("wall-offset"),
            Checksum = checksum,
        };
    }

    private static string OneLine(string value)
    {
        const int longest = 100;
        return (value.Length > longest ? value[..longest] : value).ReplaceLineEndings(" ");
    }

    private static string ReadLine(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception missing) when (missing is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}

/// <summary>A segment is of a version that this program does not know.</summary>
/// <param name="version">The version of the format.</param>
/// <param name="layout">The layout of the records, if only that is unknown; otherwise null.</param>
internal sealed class UnknownFormatException(int version, string? layout = null) : Exception
{
    internal int Version => version;

    internal string? Layout => layout;
}
