using ExitSnoop.Records;

namespace ExitSnoop;

/// <summary>
/// The filters that are applied outside of the kernel, because the BPF program cannot match patterns: names, paths, services
/// and containers, and excluded users. They see the events that passed the filters in the kernel.
/// </summary>
internal sealed class ExitFilter(ExitTraceOptions options)
{
    /// <summary>
    /// The signals by which the kernel can filter, so that no wanted event is dropped; null if it cannot filter by signals.
    /// </summary>
    internal static IReadOnlyCollection<Signal>? Signals(ExitTraceOptions options)
    {
        IEnumerable<Signal>? signals = options.Signals.Count > 0 ? options.Signals : null;
        // Of the processes that SIGKILL ended, oom_kills of bpf/config.h keeps only victims of the OOM killer.
        if (options.Crashed)
            signals = signals?.Intersect([.. SignalTable.CoreDumping, Signal.KILL]) ?? [.. SignalTable.CoreDumping, Signal.KILL];
        if (options.OomKilled)
            signals = signals?.Intersect([Signal.KILL]) ?? [Signal.KILL];
        return signals?.ToArray();
    }

    /// <summary>Whether one of these filters is set, so that events from the kernel can be dropped.</summary>
    internal static bool IsSet(ExitTraceOptions options) => SetIn(options).Any();

    /// <summary>Those of these filters that are set, in words.</summary>
    internal static IEnumerable<string> SetIn(ExitTraceOptions options)
    {
        if (options.NameFilter is not null)
            yield return "the name";
        if (options.ExcludedNameFilter is not null)
            yield return "excluded names";
        if (options.PathFilter is not null)
            yield return "the path of the executable";
        if (options.ServiceFilter is not null)
            yield return "the service";
        if (options.ContainerFilter is not null)
            yield return "the container";
        if (options.ExcludedUsers.Count > 0)
            yield return "excluded users";
    }

    /// <summary>Whether a filter needs details that <see cref="ExitTraceOptions.Basic"/> leaves out.</summary>
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
