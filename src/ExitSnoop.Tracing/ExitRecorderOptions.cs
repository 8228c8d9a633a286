namespace ExitSnoop;

/// <summary>Where a recording is kept, and how much of it.</summary>
public sealed record ExitRecorderOptions
{
    /// <summary>The least <see cref="MaxSize"/>: 1 MiB.</summary>
    public const long SmallestSize = 1 << 20;

    /// <summary>What <see cref="KeepFree"/> is where it is not given: a tenth of the file system, at most 1 GiB.</summary>
    private const int UsualFreePart = 10;
    private const long UsualFreeMaximum = 1L << 30;

    /// <summary>
    /// The directory. It is created if it is missing, for its owner alone (0700, or 0750 with <see cref="Group"/>); nobody but
    /// its owner may be able to write to it.
    /// </summary>
    public required string Directory { get; init; }

    /// <summary>The maximum size of the recording in bytes, from <see cref="SmallestSize"/> on; the oldest is deleted.</summary>
    public long MaxSize { get; init; } = 1L << 30;

    /// <summary>How long exits are kept, more than zero. They are deleted by whole segments, of an hour at least.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(30);

    /// <summary>
    /// Bytes to keep free on the file system: the oldest is deleted, and where that does not help, recording pauses. Null
    /// for a tenth of the file system, at most 1 GiB, or what <see cref="KeepFreePercent"/> says.
    /// </summary>
    public long? KeepFree { get; init; }

    /// <summary>In place of <see cref="KeepFree"/>, the part of the file system in percent, 0 to 99.</summary>
    public double? KeepFreePercent { get; init; }

    /// <summary>Whether the arguments of processes are kept, which can hold passwords.</summary>
    public bool KeepArguments { get; init; } = true;

    /// <summary>A group that may read the recording, by name or ID; null for the owner alone.</summary>
    public string? Group { get; init; }

    /// <summary>Values that tests set in place of the machine's.</summary>
    internal Func<Recording.RecordingMachine, Recording.RecordingMachine>? Machine { get; init; }

    /// <summary>The bytes that are left free on a file system of this size.</summary>
    internal long FreeOf(long total) =>
        KeepFree ?? (KeepFreePercent is { } percent ? (long)(total * percent / 100) : Math.Min(total / UsualFreePart, UsualFreeMaximum));
}
