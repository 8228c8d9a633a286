using ExitSnoop.Records;

namespace ExitSnoop;

/// <summary>
/// The filters that the kernel does not decide: names and paths, whose patterns it cannot compare.
/// They see the events that the kernel let through.
/// </summary>
internal sealed class ExitFilter(ExitTraceOptions options)
{
    /// <summary>
    /// The signals that can end the processes asked for, for the kernel to filter by; null where a filter on
    /// signals would drop what is asked for.
    /// </summary>
    internal static IReadOnlyCollection<Signal>? Signals(ExitTraceOptions options)
    {
        IEnumerable<Signal>? signals = options.Signals.Count > 0 ? options.Signals : null;
        // Of the processes that SIGKILL ended, oom_kills of bpf/config.h leaves those that the OOM killer killed.
        if (options.Crashed)
            signals = signals?.Intersect([.. SignalTable.CoreDumping, Signal.KILL]) ?? [.. SignalTable.CoreDumping, Signal.KILL];
        if (options.OomKilled)
            signals = signals?.Intersect([Signal.KILL]) ?? [Signal.KILL];
        return signals?.ToArray();
    }

    /// <summary>Whether one of these filters is set, which drops events that the kernel sent.</summary>
    internal static bool IsSet(ExitTraceOptions options) =>
        options.NameFilter is not null || options.ExcludedNameFilter is not null || IsSetOnDetails(options);

    /// <summary>Whether a filter asks for what <see cref="ExitTraceOptions.Basic"/> leaves out.</summary>
    internal static bool NeedsDetails(ExitTraceOptions options) => IsSetOnDetails(options) || options.Crashed || options.OomKilled;

    internal bool Wants(ExitEvent exit) =>
        (options.NameFilter is null || exit.IsNamed(options.NameFilter))
        && (options.ExcludedNameFilter is null || !exit.IsNamed(options.ExcludedNameFilter))
        && (options.PathFilter is null || (exit.Path is { } path && options.PathFilter(path)))
        && (options.ExcludedUsers.Count == 0 || exit.UserId is not { } user || !options.ExcludedUsers.Contains(user))
        && (options.ServiceFilter is null || exit.IsOfService(options.ServiceFilter))
        && (options.ContainerFilter is null || (exit.ContainerId is { } container && options.ContainerFilter(container)));

    private static bool IsSetOnDetails(ExitTraceOptions options) =>
        options.PathFilter is not null || options.ServiceFilter is not null || options.ContainerFilter is not null || options.ExcludedUsers.Count > 0;
}
