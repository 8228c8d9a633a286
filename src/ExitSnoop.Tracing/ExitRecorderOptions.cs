namespace ExitSnoop;

/// <summary>Where a recording is kept, and its limits.</summary>
public sealed record ExitRecorderOptions
{
    /// <summary>The smallest <see cref="MaxSize"/>: 1 MiB.</summary>
    public const long SmallestSize = 1 << 20;

    /// <summary>The default of <see cref="KeepFree"/>: a tenth of the file system, at most 1 GiB.</summary>
    private const int UsualFreePart = 10;
    private const long UsualFreeMaximum = 1L << 30;

    /// <summary>
    /// The directory. It is created if it is missing, with the mode 0700, or 0750 with <see cref="Group"/>. No user other than
    /// its owner may be able to write to it.
    /// </summary>
    public required string Directory { get; init; }

    /// <summary>The maximum size of the recording in bytes, at least <see cref="SmallestSize"/>. To stay below it, the oldest segments are deleted.</summary>
    public long MaxSize { get; init; } = 1L << 30;

    /// <summary>
    /// How long exits are kept: more than zero, at most <see cref="ExitTraceOptions.MaximumSeconds"/>. Whole segments are deleted when the
    /// last write to them is longer ago.
    /// </summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(30);

    /// <summary>
    /// How many bytes must stay free on the file system. If fewer are free, the oldest segments are deleted; if that does not help,
    /// recording pauses. Null for the default: <see cref="KeepFreePercent"/>, or a tenth of the file system and at most 1 GiB.
    /// </summary>
    public long? KeepFree { get; init; }

    /// <summary>The part of the file system that must stay free, in percent, from 0 to less than 100. Ignored if <see cref="KeepFree"/> is set.</summary>
    public double? KeepFreePercent { get; init; }

    /// <summary>Whether the arguments of processes are recorded. They can contain passwords.</summary>
    public bool KeepArguments { get; init; } = true;

    /// <summary>A group that may read the recording, by name or ID; null for none.</summary>
    public string? Group { get; init; }

    /// <summary>Replaces properties of the machine in tests.</summary>
    internal Func<Recording.RecordingMachine, Recording.RecordingMachine>? Machine { get; init; }

    /// <summary>How many bytes must stay free on a file system of this size in bytes.</summary>
    internal long FreeOf(long total) =>
        KeepFree ?? (KeepFreePercent is { } percent ? (long)(total * percent / 100) : Math.Min(total / UsualFreePart, UsualFreeMaximum));
}
