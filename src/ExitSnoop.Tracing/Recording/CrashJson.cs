using System.Buffers;
using System.Globalization;
using System.Text.Json;
using ExitSnoop.Crash;

namespace ExitSnoop.Recording;

/// <summary>Converts the report of a crash to the JSON object that is recorded, and back.</summary>
internal static class CrashJson
{
    /// <summary>The largest object in bytes. The outermost frames that do not fit are left out.</summary>
    internal const int SizeMaximum = 32 << 10;

    private const string ThreadId = "ThreadId", ThreadName = "ThreadName", InstructionPointer = "InstructionPointer", Site = "Site",
        StackTrace = "StackTrace", Note = "Note", Index = "Index", Module = "Module", Offset = "Offset", BuildId = "BuildId",
        Symbol = "Symbol", SymbolOffset = "SymbolOffset";

    internal static ReadOnlySpan<byte> Write(CrashReport report)
    {
        for (int frames = report.StackTrace?.Length ?? 0; ; frames /= 2)
        {
            ArrayBufferWriter<byte> json = new(1024);
            Write(json, report, frames);
            if (json.WrittenCount <= SizeMaximum || frames == 0)
                return json.WrittenSpan;
        }
    }

    /// <summary>Reads an object; null if the bytes are not a valid one.</summary>
    internal static CrashReport? Read(ReadOnlySpan<byte> json)
    {
        try
        {
            Utf8JsonReader reader = new(json);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            JsonElement report = document.RootElement;
            return new CrashReport
            {
                ThreadId = Value(report, ThreadId) is { } id ? id.GetInt32() : null,
                ThreadName = Value(report, ThreadName)?.GetString(),
                InstructionPointer = Address(report, InstructionPointer),
                Site = Value(report, Site) is { } site ? Frame(site) : null,
                StackTrace = Value(report, StackTrace) is { } frames ? [.. frames.EnumerateArray().Select(Frame)] : null,
                Note = Value(report, Note)?.GetString(),
            };
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException or FormatException or OverflowException)
        {
            return null;
        }
    }

    private static void Write(ArrayBufferWriter<byte> output, CrashReport report, int frames)
    {
        using Utf8JsonWriter writer = new(output);
        writer.WriteStartObject();
        if (report.ThreadId is { } id)
            writer.WriteNumber(ThreadId, id);
        WriteText(writer, ThreadName, report.ThreadName);
        WriteAddress(writer, InstructionPointer, report.InstructionPointer);
        if (report.Site is not null)
        {
            writer.WritePropertyName(Site);
            WriteFrame(writer, report.Site);
        }
        if (report.StackTrace is not null)
        {
            writer.WriteStartArray(StackTrace);
            foreach (StackFrame frame in report.StackTrace.Take(frames))
                WriteFrame(writer, frame);
            writer.WriteEndArray();
        }
        WriteText(writer, Note, report.Note);
        writer.WriteEndObject();
    }

    private static void WriteFrame(Utf8JsonWriter writer, StackFrame frame)
    {
        writer.WriteStartObject();
        writer.WriteNumber(Index, frame.Index);
        WriteAddress(writer, InstructionPointer, frame.InstructionPointer);
        WriteText(writer, Module, frame.Module);
        WriteAddress(writer, Offset, frame.Offset);
        WriteText(writer, BuildId, frame.BuildId);
        WriteText(writer, Symbol, frame.Symbol);
        WriteAddress(writer, SymbolOffset, frame.SymbolOffset);
        writer.WriteEndObject();
    }

    private static StackFrame Frame(JsonElement frame) => new(
        Value(frame, Index)?.GetInt32() ?? 0, Address(frame, InstructionPointer) ?? 0, Value(frame, Module)?.GetString(), Address(frame, Offset),
        Value(frame, BuildId)?.GetString(), Value(frame, Symbol)?.GetString(), Address(frame, SymbolOffset));

    private static void WriteText(Utf8JsonWriter writer, string name, string? text)
    {
        if (text is not null)
            writer.WriteString(name, text);
    }

    // As a string, because other programs round numbers above 2^53.
    private static void WriteAddress(Utf8JsonWriter writer, string name, ulong? address)
    {
        if (address is { } known)
            writer.WriteString(name, string.Create(CultureInfo.InvariantCulture, $"0x{known:x}"));
    }

    private static JsonElement? Value(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static ulong? Address(JsonElement parent, string name) => Value(parent, name)?.GetString() is { Length: > 2 } text
        ? ulong.Parse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
        : null;
}
