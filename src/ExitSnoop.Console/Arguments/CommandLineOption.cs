namespace ExitSnoop.Cli.Arguments;

/// <summary>One option: how it is written and whether it has a value.</summary>
/// <param name="Id">The meaning of the option.</param>
/// <param name="Long">The long form, with two dashes.</param>
/// <param name="Short">The letter of the short form; NUL if there is none.</param>
/// <param name="TakesValue">Whether it has a value.</param>
/// <param name="IsOriginal">
/// Whether bcc's exitsnoop has this option. An abbreviation that means an option of the original keeps this meaning, even if
/// it would also be an abbreviation of a new option.
/// </param>
/// <param name="TakesMany">Whether all following words that are not options are values of it, not only the first one.</param>
internal readonly record struct CommandLineOption(OptionId Id, string Long, char Short, bool TakesValue, bool IsOriginal, bool TakesMany = false)
{
    internal static readonly CommandLineOption[] All =
    [
        new(OptionId.Help, "--help", 'h', false, true),
        new(OptionId.Timestamp, "--timestamp", 't', false, true),
        new(OptionId.Utc, "--utc", '\0', false, true),
        new(OptionId.Pid, "--pid", 'p', true, true),
        new(OptionId.Label, "--label", '\0', true, true),
        new(OptionId.Failed, "--failed", 'x', false, true),
        new(OptionId.PerThread, "--per-thread", '\0', false, true),
        new(OptionId.Ebpf, "--ebpf", '\0', false, true),
        new(OptionId.Timespec, "--timespec", '\0', false, true),

        new(OptionId.IncludeChildren, "--include-children", '\0', false, false),
        new(OptionId.Parent, "--parent", '\0', true, false),
        new(OptionId.Name, "--name", '\0', true, false),
        new(OptionId.User, "--user", '\0', true, false),
        new(OptionId.Signal, "--signal", '\0', true, false),
        new(OptionId.ExitCode, "--exit-code", '\0', true, false),
        new(OptionId.MinimumAge, "--minimum-age", '\0', true, false),
        new(OptionId.Cgroup, "--cgroup", '\0', true, false),
        new(OptionId.Crashed, "--crashed", '\0', false, false),
        new(OptionId.OomKilled, "--oom-killed", '\0', false, false),
        new(OptionId.ExecutablePath, "--executable-path", '\0', true, false),
        new(OptionId.Service, "--service", '\0', true, false),
        new(OptionId.ContainerId, "--container-id", '\0', true, false),
        new(OptionId.ExcludeName, "--exclude-name", '\0', true, false),
        new(OptionId.ExcludeUser, "--exclude-user", '\0', true, false),

        new(OptionId.Why, "--why", '\0', false, false),
        new(OptionId.Json, "--json", '\0', false, false),
        new(OptionId.StackTrace, "--stack-trace", '\0', false, false),
        new(OptionId.MaxEvents, "--max-events", 'n', true, false),
        new(OptionId.TimeLimit, "--timeout", '\0', true, false),

        new(OptionId.Record, "--record", '\0', true, false),
        new(OptionId.MaxSize, "--max-size", '\0', true, false),
        new(OptionId.MaxAge, "--max-age", '\0', true, false),
        new(OptionId.KeepFree, "--keep-free", '\0', true, false),
        new(OptionId.NoArguments, "--no-arguments", '\0', false, false),
        new(OptionId.Group, "--group", '\0', true, false),

        new(OptionId.Metrics, "--metrics", '\0', true, false),

        new(OptionId.Read, "--read", '\0', true, false, TakesMany: true),
        new(OptionId.After, "--after", '\0', true, false),
        new(OptionId.Before, "--before", '\0', true, false),
        new(OptionId.Oldest, "--oldest", '\0', false, false),
        new(OptionId.Follow, "--follow", '\0', false, false),

        new(OptionId.Basic, "--basic", '\0', false, false),
        new(OptionId.BufferSize, "--buffer-size", '\0', true, false),
        new(OptionId.BtfPath, "--btf-path", '\0', true, false),
        new(OptionId.Verbose, "--verbose", 'v', false, false),
        new(OptionId.Debug, "--debug", '\0', false, false),
        new(OptionId.Version, "--version", '\0', false, false),
    ];

    /// <summary>The name in messages: -p/--pid.</summary>
    internal string DisplayName => Short == '\0' ? Long : $"-{Short}/{Long}";
}

/// <summary>The meaning of an option.</summary>
internal enum OptionId
{
    Help,
    Timestamp,
    Utc,
    Pid,
    Label,
    Failed,
    PerThread,
    Ebpf,
    Timespec,
    IncludeChildren,
    Parent,
    Name,
    User,
    Signal,
    ExitCode,
    MinimumAge,
    Cgroup,
    Crashed,
    OomKilled,
    ExecutablePath,
    Service,
    ContainerId,
    ExcludeName,
    ExcludeUser,
    Why,
    Json,
    StackTrace,
    MaxEvents,
    TimeLimit,
    Record,
    MaxSize,
    MaxAge,
    KeepFree,
    NoArguments,
    Group,
    Metrics,
    Read,
    After,
    Before,
    Oldest,
    Follow,
    Basic,
    BufferSize,
    BtfPath,
    Verbose,
    Debug,
    Version,
}
