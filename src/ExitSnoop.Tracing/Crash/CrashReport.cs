namespace ExitSnoop.Crash;

/// <summary>Where a process crashed, as far as it was found out.</summary>
internal sealed record CrashReport
{
    /// <summary>The report of a crash for whose record there was no room.</summary>
    internal static readonly CrashReport NotRecorded = new() { Note = "not recorded: too many processes crashed at once" };

    /// <summary>The thread, in the reader's PID namespace.</summary>
    internal int? ThreadId { get; init; }

    /// <summary>The comm of the thread.</summary>
    internal string? ThreadName { get; init; }

    /// <summary>The address of the instruction at which the thread ended.</summary>
    internal ulong? InstructionPointer { get; init; }

    /// <summary>The frame that the crash is named after; see <see cref="CrashSite"/>.</summary>
    internal StackFrame? Site { get; init; }

    /// <summary>All frames from the innermost to the outermost; null if they are not wanted.</summary>
    internal StackFrame[]? StackTrace { get; init; }

    /// <summary>Why frames or symbols are missing; null if nothing is missing.</summary>
    internal string? Note { get; init; }
}
