namespace ExitSnoop;

/// <summary>What ended a trace.</summary>
public enum ExitTraceEnd
{
    /// <summary>The trace has not ended.</summary>
    None,

    /// <summary><see cref="ExitTrace.Stop"/> or <see cref="ExitTrace.Dispose"/> was called.</summary>
    Stopped,

    /// <summary><see cref="ExitTraceOptions.TimeLimit"/> has passed.</summary>
    TimeLimit,

    /// <summary><see cref="ExitTraceOptions.MaxEvents"/> events were read.</summary>
    MaxEvents,

    /// <summary>
    /// The processes of <see cref="ExitTraceOptions.Ids"/> have exited, with <see cref="ExitTraceOptions.IncludeChildren"/> also their
    /// descendants.
    /// </summary>
    NothingLeft,

    /// <summary>Memory or file descriptors ran out. Reading the events then throws an <see cref="ExitTraceException"/>.</summary>
    Failed,
}
