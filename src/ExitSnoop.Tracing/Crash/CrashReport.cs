namespace ExitSnoop.Crash;

/// <summary>What was found of the place where a process crashed.</summary>
internal sealed record CrashReport
{
    /// <summary>For a crash whose record found no room.</summary>
    internal static readonly CrashReport NotRecorded = new() { Note = "not recorded: too many processes crashed at once" };

    /// <summary>The thread, in the reader's PID namespace.</summary>
    internal int? ThreadId { get; init; }

    /// <summary>Its comm.</summary>
    internal string? ThreadName { get; init; }

    /// <summary>Where it stopped.</summary>
    internal ulong? InstructionPointer { get; init; }

    /// <summary>The frame that is to blame, by <see cref="CrashSite"/>.</summary>
    internal StackFrame? Site { get; init; }

    /// <summary>All frames from the innermost to the outermost; null where they were not asked for.</summary>
    internal StackFrame[]? StackTrace { get; init; }

    /// <summary>Why frames or symbols are missing; null where none are.</summary>
    internal string? Note { get; init; }
}
