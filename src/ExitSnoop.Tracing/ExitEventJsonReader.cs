using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Json;
using ExitSnoop.Crash;
using ExitSnoop.Records;

namespace ExitSnoop;

/// <summary>
/// Reads an event from the JSON that <see cref="ExitEventJson"/> writes. A missing property, as in the JSON of an
/// older version, has no value. Properties that this version does not know are ignored.
/// </summary>
internal readonly ref struct ExitEventJsonReader
{
    private readonly JsonElement json;

    private ExitEventJsonReader(JsonElement json) => this.json = json;

    /// <param name="text">The JSON.</param>
    /// <param name="utc">Whether to show the times in UTC even if they were not written in UTC.</param>
    /// <exception cref="FormatException">The text is not JSON, or not the JSON of an event. The message says what is wrong.</exception>
    internal static ExitEvent Read(string text, bool utc)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty(nameof(ExitEvent.ExitTime), out _) || !document.RootElement.TryGetProperty(nameof(ExitEvent.Id), out _))
                throw new FormatException("The text is not the JSON of an event: ExitTime or Id is missing.");
            return new ExitEventJsonReader(document.RootElement).Read(utc);
        }
        catch (JsonException invalid)
        {
            throw new FormatException(invalid.Message, invalid);
        }
    }

    private ExitEvent Read(bool utc)
    {
        ExitRecord record = default;
        ExitDetail detail = default;
        (DateTime exitTime, bool writtenInUtc) = Time(nameof(ExitEvent.ExitTime));
        record.ExitTime = (ulong)(exitTime - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
        record.StartTime = record.ExitTime - (Nanoseconds(nameof(ExitEvent.Age)) ?? 0);
        record.Pid = Number<uint>(nameof(ExitEvent.Id)) ?? 0;
        record.ParentPid = Number<uint>(nameof(ExitEvent.ParentId)) ?? 0;
        record.Tid = Number<uint>(nameof(ExitEvent.ThreadId)) ?? record.Pid;
        int code = Number<int>(nameof(ExitEvent.ExitCode)) ?? 0;
        Signal signal = Signal();
        record.WaitStatus = signal == ExitSnoop.Signal.None ? code < 0 ? (uint)code : (uint)code << 8
            : (uint)signal | (Truth(nameof(ExitEvent.CoreDumped)) ? 0x80u : 0);
        Set(ref record, RecordFlags.Thread, Truth(nameof(ExitEvent.IsThread)));
        Set(ref record, RecordFlags.ArgumentsCut, Truth(nameof(ExitEvent.CommandLineTruncated)));
        string? directory = Text(nameof(ExitEvent.WorkingDirectory));
        if (Number<uint>(nameof(ExitEvent.UserId)) is { } user)
        {
            detail.Uid = user;
            record.Flags |= RecordFlags.Detail;
            // Only a kernel thread has no working directory.
            Set(ref record, RecordFlags.KernelThread, code < 0 || directory is null);
            ReadDetail(ref record, ref detail);
        }

        byte[] bytes = new byte[RecordView.BytesOffset];
        MemoryMarshal.Write(bytes, record);
        MemoryMarshal.Write(bytes.AsSpan(RecordView.DetailOffset), detail);
        return new ExitEvent(bytes, utc || writtenInUtc, Text(nameof(ExitEvent.Label)), new ExitEventTexts
        {
            Name = Text(nameof(ExitEvent.Name)) ?? "",
            ParentName = Text(nameof(ExitEvent.ParentName)),
            SenderName = Text(nameof(ExitEvent.SenderName)),
            SignalCode = Text(nameof(ExitEvent.SignalCode)),
            Reason = Text(nameof(ExitEvent.Reason)),
            CrashReport = ReadCrash(),
            Arguments = List(nameof(ExitEvent.Arguments), ReadText) is { } arguments ? new ArgumentList(arguments) : null,
            Path = Text(nameof(ExitEvent.Path)),
            WorkingDirectory = directory,
            UserName = Text(nameof(ExitEvent.UserName)),
            LoginUserName = Text(nameof(ExitEvent.LoginUserName)),
            Terminal = Text(nameof(ExitEvent.Terminal)),
            Ancestors = List(nameof(ExitEvent.Ancestors), ReadAncestor) is { } ancestors ? new AncestorList(ancestors) : null,
            CgroupPath = Text(nameof(ExitEvent.CgroupPath)),
            HostName = Text(nameof(ExitEvent.HostName)),
            CgroupNames = new CgroupNames(Text(nameof(ExitEvent.ContainerId)), Text(nameof(ExitEvent.PodId)), Text(nameof(ExitEvent.ServiceName))),
        });
    }

    private void ReadDetail(ref ExitRecord record, ref ExitDetail detail)
    {
        detail.Gid = Number<uint>(nameof(ExitEvent.GroupId)) ?? 0;
        detail.Session = Number<uint>(nameof(ExitEvent.SessionId)) ?? 0;
        detail.NamespacePid = Number<uint>(nameof(ExitEvent.NamespaceId)) ?? 0;
        record.HostPid = Number<uint>(nameof(ExitEvent.HostId)) ?? 0;
        detail.LoginUid = Number<uint>(nameof(ExitEvent.LoginUserId)) ?? uint.MaxValue;
        Set(ref record, RecordFlags.Executed, Truth(nameof(ExitEvent.Executed)));
        Set(ref record, RecordFlags.OomKilled, Truth(nameof(ExitEvent.OomKilled)));

        Set(ref record, RecordFlags.Sender, Text(nameof(ExitEvent.SignalCode)) is not null);
        if (Number<uint>(nameof(ExitEvent.SenderId)) is { } sender)
        {
            record.Flags |= RecordFlags.SenderTask;
            detail.SenderPid = sender;
            detail.SenderUid = Number<uint>(nameof(ExitEvent.SenderUserId)) ?? 0;
        }
        if (Address(nameof(ExitEvent.FaultAddress)) is { } address)
        {
            record.Flags |= RecordFlags.FaultAddress;
            detail.FaultAddress = address;
        }

        // The event divides the total in the ratio of the ticks. The two parts themselves have that ratio.
        Set(ref record, RecordFlags.SumsUnknown, Nanoseconds(nameof(ExitEvent.TotalProcessorTime)) is null);
        detail.CpuTime = Nanoseconds(nameof(ExitEvent.TotalProcessorTime)) ?? 0;
        detail.UserTime = Nanoseconds(nameof(ExitEvent.UserProcessorTime)) ?? 0;
        detail.SystemTime = Nanoseconds(nameof(ExitEvent.PrivilegedProcessorTime)) ?? 0;
        detail.MaxRss = (Number<ulong>(nameof(ExitEvent.PeakWorkingSet64)) ?? 0) / (ulong)Environment.SystemPageSize;
        detail.MinorFaults = Number<ulong>(nameof(ExitEvent.MinorFaults)) ?? 0;
        detail.MajorFaults = Number<ulong>(nameof(ExitEvent.MajorFaults)) ?? 0;
        detail.ReadBytes = Number<ulong>(nameof(ExitEvent.ReadBytes)) ?? 0;
        detail.WriteBytes = Number<ulong>(nameof(ExitEvent.WriteBytes)) ?? 0;
        detail.VoluntarySwitches = Number<ulong>(nameof(ExitEvent.VoluntarySwitches)) ?? 0;
        detail.InvoluntarySwitches = Number<ulong>(nameof(ExitEvent.InvoluntarySwitches)) ?? 0;
    }

    private CrashReport? ReadCrash()
    {
        string? place = Text(nameof(ExitEvent.CrashSite)), note = Text(nameof(ExitEvent.CrashNote));
        ulong? instruction = Address(nameof(ExitEvent.InstructionPointer));
        if (place is null && note is null && instruction is null)
            return null;
        // The text of the site ends with the distance from the symbol, or is the address if nothing else is known.
        ulong distance = 0;
        if (place is not null
            && !(place.LastIndexOf("0x", StringComparison.Ordinal) is >= 0 and int last && ulong.TryParse(place.AsSpan(last + 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out distance)))
            throw Invalid(nameof(ExitEvent.CrashSite), json.GetProperty(nameof(ExitEvent.CrashSite)));
        string? symbol = Text(nameof(ExitEvent.CrashSymbol));
        return new CrashReport
        {
            ThreadId = Number<int>(nameof(ExitEvent.CrashThreadId)),
            ThreadName = Text(nameof(ExitEvent.CrashThreadName)),
            InstructionPointer = instruction,
            Site = place is null ? null : new StackFrame(
                0, distance, Text(nameof(ExitEvent.CrashModule)), Address(nameof(ExitEvent.CrashOffset)), Text(nameof(ExitEvent.CrashBuildId)),
                symbol, symbol is null ? null : distance),
            StackTrace = List(nameof(ExitEvent.StackTrace), ReadFrame),
            Note = note,
        };
    }

    private static StackFrame ReadFrame(JsonElement value)
    {
        ExitEventJsonReader frame = new(value);
        return new StackFrame(
            frame.Number<int>(nameof(StackFrame.Index)) ?? 0, frame.Address(nameof(StackFrame.InstructionPointer)) ?? 0, frame.Text(nameof(StackFrame.Module)),
            frame.Address(nameof(StackFrame.Offset)), frame.Text(nameof(StackFrame.BuildId)), frame.Text(nameof(StackFrame.Symbol)),
            frame.Number<ulong>(nameof(StackFrame.SymbolOffset)));
    }

    private static void Set(ref ExitRecord record, RecordFlags flag, bool value) => record.Flags |= value ? flag : 0;

    private JsonElement? Find(string name) =>
        json.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private string? Text(string name) =>
        Find(name) is not { } value ? null : value.ValueKind == JsonValueKind.String ? value.GetString() : throw Invalid(name, value);

    private bool Truth(string name) => Find(name) is { } value
        && (value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Invalid(name, value));

    private T? Number<T>(string name)
        where T : struct, INumber<T> =>
        Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && T.TryParse(value.GetRawText(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out T number) ? number
        : throw Invalid(name, value);

    /// <summary>Reads a number of seconds, with decimals, as nanoseconds.</summary>
    private ulong? Nanoseconds(string name) =>
        Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out decimal seconds) && seconds is >= 0 and < 1e10m
            ? (ulong)(seconds * 1_000_000_000m)
        : throw Invalid(name, value);

    /// <summary>Reads a time. Returns it in UTC, and whether it was written in UTC, with Z.</summary>
    private (DateTime Time, bool Utc) Time(string name)
    {
        string? text = Text(name);
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset time) && time.UtcDateTime >= DateTime.UnixEpoch
            ? (time.UtcDateTime, text.EndsWith('Z'))
            : throw Invalid(name, json.GetProperty(name));
    }

    private Signal Signal() =>
        Text(nameof(ExitEvent.Signal)) is not { } name ? ExitSnoop.Signal.None
        : Enum.TryParse(name, out Signal signal) && (int)signal is >= 0 and < 128 ? signal
        : throw Invalid(nameof(ExitEvent.Signal), json.GetProperty(nameof(ExitEvent.Signal)));

    private ulong? Address(string name) =>
        Text(name) is not { } text ? null
        : text.StartsWith("0x", StringComparison.Ordinal)
            && ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong address) ? address
        : throw Invalid(name, json.GetProperty(name));

    private T[]? List<T>(string name, Func<JsonElement, T> read)
    {
        if (Find(name) is not { } list)
            return null;
        try
        {
            return [.. list.EnumerateArray().Select(read)];
        }
        catch (Exception other) when (other is InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw Invalid(name, list);
        }
    }

    private static Ancestor ReadAncestor(JsonElement value) =>
        new(ReadText(value.GetProperty(nameof(Ancestor.Name))), value.GetProperty(nameof(Ancestor.Id)).GetInt32());

    private static string ReadText(JsonElement value) => value.GetString() ?? throw new FormatException();

    private static FormatException Invalid(string name, JsonElement value) => new($"{name} cannot be {value.GetRawText()}.");
}
