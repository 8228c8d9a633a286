namespace ExitSnoop;

/// <summary>
/// The filters that the kernel does not decide: names and paths, whose patterns it cannot compare, and what it decides only in part.
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
        // Of SIGKILL the kernel's filter does not say whether the OOM killer sent it: Wants does.
        if (options.Crashed)
            signals = signals?.Intersect([.. ExitEvent.CrashSignals, Signal.KILL]) ?? [.. ExitEvent.CrashSignals, Signal.KILL];
        if (options.OomKilled)
            signals = signals?.Intersect([Signal.KILL]) ?? [Signal.KILL];
        return signals?.ToArray();
    }

    /// <summary>Whether one of these filters is set, which drops events that the kernel sent.</summary>
    internal static bool IsSet(ExitTraceOptions options) =>
        options.NameFilter is not null || options.ExcludedNameFilter is not null || NeedsDetails(options);

    /// <summary>Whether one of these filters asks for what <see cref="ExitTraceOptions.Basic"/> leaves out.</summary>
    internal static bool NeedsDetails(ExitTraceOptions options) =>
        options.PathFilter is not null || options.ExcludedUsers.Count > 0 || options.Crashed || options.OomKilled;

    internal bool Wants(ExitEvent exit) =>
        (options.NameFilter is null || exit.IsNamed(options.NameFilter))
        && (options.ExcludedNameFilter is null || !exit.IsNamed(options.ExcludedNameFilter))
        && (options.PathFilter is null || (exit.Path is { } path && options.PathFilter(path)))
        && (options.ExcludedUsers.Count == 0 || exit.UserId is not { } user || !options.ExcludedUsers.Contains(user))
        && (!options.Crashed || exit.Crashed == true)
        && (!options.OomKilled || exit.OomKilled == true);
}
