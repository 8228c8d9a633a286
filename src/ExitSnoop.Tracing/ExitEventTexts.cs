using ExitSnoop.Crash;
using ExitSnoop.Records;

namespace ExitSnoop;

/// <summary>
/// The texts of an event that was read from JSON. They are kept as they were written, because the users of this machine
/// can have other names.
/// </summary>
internal sealed record ExitEventTexts
{
    internal required string Name { get; init; }

    internal string? ParentName { get; init; }

    internal string? SenderName { get; init; }

    internal string? SignalCode { get; init; }

    internal string? Reason { get; init; }

    internal CrashReport? CrashReport { get; init; }

    internal ArgumentList? Arguments { get; init; }

    internal string? Path { get; init; }

    internal string? WorkingDirectory { get; init; }

    internal string? UserName { get; init; }

    internal string? LoginUserName { get; init; }

    internal string? Terminal { get; init; }

    internal AncestorList? Ancestors { get; init; }

    internal string? CgroupPath { get; init; }

    internal string? HostName { get; init; }

    internal required CgroupNames CgroupNames { get; init; }
}
