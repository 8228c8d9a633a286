using System.Globalization;

namespace ExitSnoop.Cli.Arguments;

/// <summary>The options about recordings.</summary>
internal sealed class RecordingArguments
{
    private static readonly OptionId[] OfRecorder = [OptionId.MaxSize, OptionId.MaxAge, OptionId.KeepFree, OptionId.NoArguments, OptionId.Group];
    private static readonly OptionId[] OfReading = [OptionId.After, OptionId.Before, OptionId.Oldest, OptionId.Follow];

    /// <summary>Options that are valid only for a trace.</summary>
    private static readonly OptionId[] OfTrace =
        [OptionId.PerThread, OptionId.Basic, OptionId.BufferSize, OptionId.BtfPath, OptionId.Debug, OptionId.Ebpf, OptionId.Timespec, OptionId.Metrics];

    /// <summary>Options that are not valid for a recorder, because it prints nothing.</summary>
    private static readonly OptionId[] OfOutput =
        [OptionId.Read, OptionId.Why, OptionId.Json, OptionId.Timestamp, OptionId.Utc, OptionId.Label, OptionId.StackTrace, OptionId.Ebpf];

    private readonly List<string> recordings = [];
    private ExitRecorderOptions recorder = new() { Directory = "" };
    private string? after, before;
    private bool oldest, follow;

    internal bool IsRecorded => recorder.Directory.Length > 0;

    internal bool IsRead => recordings.Count > 0;

    internal ExitRecorderOptions? Recorder => IsRecorded ? recorder : null;

    internal IReadOnlyList<string> Recordings => recordings;

    /// <summary>Stores the value of an option if it is one of the options about recordings.</summary>
    /// <exception cref="UsageException">Its value is wrong.</exception>
    internal void Take(OptionId option, string value)
    {
        switch (option)
        {
            case OptionId.Record: recorder = recorder with { Directory = NotEmpty(option, value) }; break;
            case OptionId.MaxSize:
                long size = Size(option, value);
                recorder = recorder with { MaxSize = size >= ExitRecorderOptions.SmallestSize ? size : throw CommandLine.Invalid(option, value, "less than 1M") };
                break;
            case OptionId.MaxAge:
                recorder = recorder with { MaxAge = DurationText.TryParse(value, out TimeSpan age) && age > TimeSpan.Zero ? age : throw CommandLine.Invalid(option, value, "not a time, such as 30d, 12h or 3600") };
                break;
            case OptionId.KeepFree when value.EndsWith('%'): recorder = recorder with { KeepFreePercent = CommandLine.Number(option, value[..^1], 0, 99), KeepFree = null }; break;
            case OptionId.KeepFree: recorder = recorder with { KeepFree = Size(option, value), KeepFreePercent = null }; break;
            case OptionId.NoArguments: recorder = recorder with { KeepArguments = false }; break;
            case OptionId.Group: recorder = recorder with { Group = NotEmpty(option, value) }; break;

            case OptionId.Read: recordings.Add(NotEmpty(option, value)); break;
            case OptionId.After: after = value; break;
            case OptionId.Before: before = value; break;
            case OptionId.Oldest: oldest = true; break;
            case OptionId.Follow: follow = true; break;
        }
    }

    /// <summary>Checks that no options exclude each other.</summary>
    /// <exception cref="UsageException">Two options exclude each other.</exception>
    internal void Check(IReadOnlyCollection<OptionId> given)
    {
        foreach (OptionId option in given)
        {
            if (OfRecorder.Contains(option) && !IsRecorded)
                throw new UsageException($"argument {CommandLine.DisplayName(option)}: needs --record");
            if (OfReading.Contains(option) && !IsRead)
                throw new UsageException($"argument {CommandLine.DisplayName(option)}: needs --read");
            if (IsRecorded && OfOutput.Contains(option))
                throw CommandLine.NotAllowed(option, OptionId.Record);
            if (IsRead && OfTrace.Contains(option))
                throw CommandLine.NotAllowed(option, OptionId.Read);
        }
        if (IsRead && !follow && given.Contains(OptionId.TimeLimit))
            throw new UsageException("argument --timeout: needs --follow where a recording is read");
        if (follow && (oldest || before is not null))
            throw CommandLine.NotAllowed(oldest ? OptionId.Oldest : OptionId.Before, OptionId.Follow);
    }

    /// <summary>The options for reading recordings.</summary>
    /// <param name="filter">Which exits.</param>
    /// <param name="now">The time to which relative times refer.</param>
    /// <exception cref="UsageException">A value is not a time.</exception>
    internal ExitRecordingOptions Reading(ExitTraceOptions filter, DateTimeOffset now)
    {
        DateTimeOffset? Time(OptionId option, string? text) => text is null ? null
            : TimeArgument.TryParse(text, filter.Utc, now, out DateTimeOffset time) ? time
            : throw CommandLine.Invalid(option, text, "not a time, such as -8h, 14:30, 2026-11-25 or 2026-11-25T14:30:00");

        return new ExitRecordingOptions
        {
            Filter = filter,
            After = Time(OptionId.After, after),
            Before = Time(OptionId.Before, before),
            OldestFirst = oldest,
            Follow = follow,
        };
    }

    internal static string NotEmpty(OptionId option, string value) => value.Length > 0 ? value : throw CommandLine.Invalid(option, value, "not the name of a file");

    /// <summary>Reads a size in bytes: 500M, 1G.</summary>
    private static long Size(OptionId option, string text)
    {
        const string units = "KMGT";
        string digits = text.EndsWith('B') ? text[..^1].TrimEnd('i') : text;
        int power = digits.Length > 0 ? units.IndexOf(char.ToUpperInvariant(digits[^1]), StringComparison.Ordinal) + 1 : 0;
        digits = power > 0 ? digits[..^1] : digits;
        if (!double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number))
            throw CommandLine.Invalid(option, text, "not a size, such as 500M or 1G");
        double bytes = number * Math.Pow(1024, power);
        return bytes <= 1L << 60 ? (long)bytes : throw CommandLine.Invalid(option, text, "too large");
    }
}
