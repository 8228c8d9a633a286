using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;

namespace ExitSnoop;

/// <summary>
/// Writes the properties of an <see cref="ExitEvent"/> as a JSON object, in their order; properties without a value are null.
/// Times are ISO 8601 with the offset from UTC, durations are numbers of seconds, signals are the names of the members of
/// <see cref="Signal"/>, addresses are hexadecimal strings, because readers of JSON round numbers above 2^53.
/// </summary>
internal static class ExitEventJson
{
    /// <summary>For a writer of events. The properties are what they are: nothing has to be validated.</summary>
    internal static JsonWriterOptions Options { get; } = new() { Encoder = JsonTextEncoder.Instance, SkipValidation = true };

    // A wait status has seven bits for the signal, although there are only 64 signals.
    private static readonly string[] SignalMembers = [.. Enumerable.Range(0, 128).Select(number => ((Signal)number).ToString())];

    internal static void Write(Utf8JsonWriter writer, ExitEvent exit)
    {
        writer.WriteStartObject();
        Write(writer, Names.Name, exit.Name);
        Write(writer, Names.Id, exit.Id);
        Write(writer, Names.ParentId, exit.ParentId);
        Write(writer, Names.ThreadId, exit.ThreadId);
        Write(writer, Names.Age, exit.Age);
        Write(writer, Names.StartTime, exit.StartMoment, exit.IsUtc);
        Write(writer, Names.ExitTime, exit.ExitMoment, exit.IsUtc);
        Write(writer, Names.ExitCode, exit.ExitCode);
        Write(writer, Names.Signal, SignalMembers[(int)exit.Signal]);
        Write(writer, Names.CoreDumped, exit.CoreDumped);
        Write(writer, Names.Failed, exit.Failed);
        Write(writer, Names.Crashed, exit.Crashed);
        Write(writer, Names.Status, exit.Status);
        Write(writer, Names.Label, exit.Label);
        Write(writer, Names.IsThread, exit.IsThread);

        Write(writer, Names.SenderId, exit.SenderId);
        Write(writer, Names.SenderName, exit.SenderName);
        Write(writer, Names.SenderUserId, exit.SenderUserId);
        Write(writer, Names.SignalCode, exit.SignalCode);
        Write(writer, Names.FaultAddress, exit.FaultAddress);
        Write(writer, Names.OomKilled, exit.OomKilled);
        Write(writer, Names.Reason, exit.Reason);

        Write(writer, Names.CrashSite, exit.CrashSite);
        Write(writer, Names.InstructionPointer, exit.InstructionPointer);
        Write(writer, Names.CrashModule, exit.CrashModule);
        Write(writer, Names.CrashOffset, exit.CrashOffset);
        Write(writer, Names.CrashBuildId, exit.CrashBuildId);
        Write(writer, Names.CrashSymbol, exit.CrashSymbol);
        Write(writer, Names.CrashThreadId, exit.CrashThreadId);
        Write(writer, Names.CrashThreadName, exit.CrashThreadName);
        Write(writer, Names.StackTrace, exit.StackTrace);
        Write(writer, Names.CrashNote, exit.CrashNote);

        Write(writer, Names.CommandLine, exit.CommandLine);
        Write(writer, Names.Arguments, exit.Arguments);
        Write(writer, Names.Path, exit.Path);
        Write(writer, Names.CommandLineTruncated, exit.CommandLineTruncated);

        Write(writer, Names.UserId, exit.UserId);
        Write(writer, Names.GroupId, exit.GroupId);
        Write(writer, Names.UserName, exit.UserName);
        Write(writer, Names.ParentName, exit.ParentName);
        Write(writer, Names.SessionId, exit.SessionId);

        Write(writer, Names.TotalProcessorTime, exit.TotalProcessorTime);
        Write(writer, Names.UserProcessorTime, exit.UserProcessorTime);
        Write(writer, Names.PrivilegedProcessorTime, exit.PrivilegedProcessorTime);
        Write(writer, Names.PeakWorkingSet64, exit.PeakWorkingSet64);
        Write(writer, Names.MinorFaults, exit.MinorFaults);
        Write(writer, Names.MajorFaults, exit.MajorFaults);
        Write(writer, Names.ReadBytes, exit.ReadBytes);
        Write(writer, Names.WriteBytes, exit.WriteBytes);
        Write(writer, Names.VoluntarySwitches, exit.VoluntarySwitches);
        Write(writer, Names.InvoluntarySwitches, exit.InvoluntarySwitches);

        Write(writer, Names.CgroupPath, exit.CgroupPath);
        Write(writer, Names.ContainerId, exit.ContainerId);
        Write(writer, Names.PodId, exit.PodId);
        Write(writer, Names.ServiceName, exit.ServiceName);
        Write(writer, Names.Ancestors, exit.Ancestors);
        Write(writer, Names.LoginUserId, exit.LoginUserId);
        Write(writer, Names.LoginUserName, exit.LoginUserName);
        Write(writer, Names.Terminal, exit.Terminal);
        Write(writer, Names.WorkingDirectory, exit.WorkingDirectory);
        Write(writer, Names.Executed, exit.Executed);
        Write(writer, Names.NamespaceId, exit.NamespaceId);
        Write(writer, Names.HostId, exit.HostId);
        Write(writer, Names.HostName, exit.HostName);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, JsonEncodedText name, string? value) => writer.WriteString(name, value);

    private static void Write(Utf8JsonWriter writer, JsonEncodedText name, long? value)
    {
        if (value is { } number)
            writer.WriteNumber(name, number);
        else
            writer.WriteNull(name);
    }

    private static void Write(Utf8JsonWriter writer, JsonEncodedText name, ulong? address)
    {
        if (address is { } number)
            writer.WriteString(name, string.Create(CultureInfo.InvariantCulture, $"0x{number:x}"));
        else
            writer.WriteNull(name);
    }

    private static void Write(Utf8JsonWriter writer, JsonEncodedText name, bool? value)
    {
        if (value is { } truth)
            writer.WriteBoolean(name, truth);
        else
            writer.WriteNull(name);
    }

    private static void Write(Utf8JsonWriter writer, JsonEncodedText name, ArgumentList? values)
    {
        if (values is null)
        {
            writer.WriteNull(name);
            return;
        }
        writer.WriteStartArray(name);
        foreach (string value in values)
            writer.WriteStringValue(value);
        writer.WriteEndArray();
    }

    /// <summary>Writes a number of seconds, without trailing zeros.</summary>
    private static void Write(Utf8JsonWriter writer, JsonEncodedText name, TimeSpan? value)
    {
        if (value is not { } time)
        {
            writer.WriteNull(name);
            return;
        }
        // In a damaged record a process may exit before it started.
        int sign = time.Ticks < 0 ? 1 : 0;
        (ulong seconds, ulong fraction) = Math.DivRem((ulong)(sign == 0 ? time.Ticks : -time.Ticks), TimeSpan.TicksPerSecond);
        Span<byte> text = stackalloc byte[32];
        text[0] = (byte)'-';
        Utf8Formatter.TryFormat(seconds, text[sign..], out int length);
        length += sign;
        if (fraction != 0)
        {
            text[length] = (byte)'.';
            Utf8Formatter.TryFormat(fraction, text[(length + 1)..], out _, new System.Buffers.StandardFormat('D', 7));
            length = text[..(length + 8)].LastIndexOfAnyExcept((byte)'0') + 1;
        }
        writer.WritePropertyName(name);
        writer.WriteRawValue(text[..length], skipInputValidation: true);
    }

    /// <summary>Writes a time: 2026-11-22T13:42:01.6880000+05:30, or with Z for UTC.</summary>
    private static void Write(Utf8JsonWriter writer, JsonEncodedText name, DateTimeOffset time, bool utc)
    {
        Span<byte> text = stackalloc byte[36];
        text[0] = (byte)'"';
        int length;
        _ = utc
            ? time.UtcDateTime.TryFormat(text[1..], out length, "O", CultureInfo.InvariantCulture)
            : time.TryFormat(text[1..], out length, "O", CultureInfo.InvariantCulture);
        text[length + 1] = (byte)'"';
        writer.WritePropertyName(name);
        writer.WriteRawValue(text[..(length + 2)], skipInputValidation: true);
    }

    private static void Write(Utf8JsonWriter writer, JsonEncodedText name, AncestorList? ancestors)
    {
        if (ancestors is null)
        {
            writer.WriteNull(name);
            return;
        }
        writer.WriteStartArray(name);
        foreach (Ancestor ancestor in ancestors)
        {
            writer.WriteStartObject();
            writer.WriteString(Names.Name, ancestor.Name);
            writer.WriteNumber(Names.Id, ancestor.Id);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, JsonEncodedText name, StackFrameList? frames)
    {
        if (frames is null)
        {
            writer.WriteNull(name);
            return;
        }
        writer.WriteStartArray(name);
        foreach (StackFrame frame in frames)
        {
            writer.WriteStartObject();
            writer.WriteNumber(Names.Index, frame.Index);
            Write(writer, Names.InstructionPointer, frame.InstructionPointer);
            Write(writer, Names.Module, frame.Module);
            Write(writer, Names.Offset, frame.Offset);
            Write(writer, Names.BuildId, frame.BuildId);
            Write(writer, Names.Symbol, frame.Symbol);
            Write(writer, Names.SymbolOffset, (long?)frame.SymbolOffset);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    /// <summary>Escaped once, and not for each event.</summary>
    private static class Names
    {
        internal static readonly JsonEncodedText
            Name = Of(nameof(ExitEvent.Name)), Id = Of(nameof(ExitEvent.Id)), ParentId = Of(nameof(ExitEvent.ParentId)),
            ThreadId = Of(nameof(ExitEvent.ThreadId)), Age = Of(nameof(ExitEvent.Age)),
            StartTime = Of(nameof(ExitEvent.StartTime)), ExitTime = Of(nameof(ExitEvent.ExitTime)),
            ExitCode = Of(nameof(ExitEvent.ExitCode)), Signal = Of(nameof(ExitEvent.Signal)),
            CoreDumped = Of(nameof(ExitEvent.CoreDumped)), Failed = Of(nameof(ExitEvent.Failed)), Crashed = Of(nameof(ExitEvent.Crashed)),
            Status = Of(nameof(ExitEvent.Status)), Label = Of(nameof(ExitEvent.Label)),
            IsThread = Of(nameof(ExitEvent.IsThread)), SenderId = Of(nameof(ExitEvent.SenderId)),
            SenderName = Of(nameof(ExitEvent.SenderName)), SenderUserId = Of(nameof(ExitEvent.SenderUserId)),
            SignalCode = Of(nameof(ExitEvent.SignalCode)), FaultAddress = Of(nameof(ExitEvent.FaultAddress)),
            OomKilled = Of(nameof(ExitEvent.OomKilled)), Reason = Of(nameof(ExitEvent.Reason)),
            CommandLine = Of(nameof(ExitEvent.CommandLine)), Arguments = Of(nameof(ExitEvent.Arguments)),
            Path = Of(nameof(ExitEvent.Path)), CommandLineTruncated = Of(nameof(ExitEvent.CommandLineTruncated)),
            UserId = Of(nameof(ExitEvent.UserId)), GroupId = Of(nameof(ExitEvent.GroupId)),
            UserName = Of(nameof(ExitEvent.UserName)), ParentName = Of(nameof(ExitEvent.ParentName)),
            SessionId = Of(nameof(ExitEvent.SessionId)), TotalProcessorTime = Of(nameof(ExitEvent.TotalProcessorTime)),
            UserProcessorTime = Of(nameof(ExitEvent.UserProcessorTime)),
            PrivilegedProcessorTime = Of(nameof(ExitEvent.PrivilegedProcessorTime)),
            PeakWorkingSet64 = Of(nameof(ExitEvent.PeakWorkingSet64)), MinorFaults = Of(nameof(ExitEvent.MinorFaults)),
            MajorFaults = Of(nameof(ExitEvent.MajorFaults)), ReadBytes = Of(nameof(ExitEvent.ReadBytes)),
            WriteBytes = Of(nameof(ExitEvent.WriteBytes)), VoluntarySwitches = Of(nameof(ExitEvent.VoluntarySwitches)),
            InvoluntarySwitches = Of(nameof(ExitEvent.InvoluntarySwitches)), CgroupPath = Of(nameof(ExitEvent.CgroupPath)),
            ContainerId = Of(nameof(ExitEvent.ContainerId)), PodId = Of(nameof(ExitEvent.PodId)),
            ServiceName = Of(nameof(ExitEvent.ServiceName)), Ancestors = Of(nameof(ExitEvent.Ancestors)),
            LoginUserId = Of(nameof(ExitEvent.LoginUserId)), LoginUserName = Of(nameof(ExitEvent.LoginUserName)),
            Terminal = Of(nameof(ExitEvent.Terminal)), WorkingDirectory = Of(nameof(ExitEvent.WorkingDirectory)),
            Executed = Of(nameof(ExitEvent.Executed)), NamespaceId = Of(nameof(ExitEvent.NamespaceId)),
            HostId = Of(nameof(ExitEvent.HostId)), HostName = Of(nameof(ExitEvent.HostName)), CrashSite = Of(nameof(ExitEvent.CrashSite)),
            InstructionPointer = Of(nameof(ExitEvent.InstructionPointer)), CrashModule = Of(nameof(ExitEvent.CrashModule)),
            CrashOffset = Of(nameof(ExitEvent.CrashOffset)), CrashBuildId = Of(nameof(ExitEvent.CrashBuildId)),
            CrashSymbol = Of(nameof(ExitEvent.CrashSymbol)), CrashThreadId = Of(nameof(ExitEvent.CrashThreadId)),
            CrashThreadName = Of(nameof(ExitEvent.CrashThreadName)), StackTrace = Of(nameof(ExitEvent.StackTrace)),
            CrashNote = Of(nameof(ExitEvent.CrashNote)), Index = Of(nameof(StackFrame.Index)), Module = Of(nameof(StackFrame.Module)),
            Offset = Of(nameof(StackFrame.Offset)), BuildId = Of(nameof(StackFrame.BuildId)), Symbol = Of(nameof(StackFrame.Symbol)),
            SymbolOffset = Of(nameof(StackFrame.SymbolOffset));

        private static JsonEncodedText Of(string name) => JsonEncodedText.Encode(name, JsonTextEncoder.Instance);
    }
}
