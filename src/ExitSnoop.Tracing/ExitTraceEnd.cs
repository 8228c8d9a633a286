namespace ExitSnoop;

/// <summary>What ended a trace.</summary>
public enum ExitTraceEnd
{
    /// <summary>Nothing has: it goes on.</summary>
    None,

    /// <summary><see cref="ExitTrace.Stop"/> or <see cref="ExitTrace.Dispose"/>.</summary>
    Stopped,

    /// <summary><see cref="ExitTraceOptions.TimeLimit"/>.</summary>
    TimeLimit,

    /// <summary><see cref="ExitTraceOptions.MaxEvents"/>.</summary>
    MaxEvents,

    /// <summary>The processes of <see cref="ExitTraceOptions.Ids"/>, with <see cref="ExitTraceOptions.IncludeChildren"/> their descendants too, have exited.</summary>
    NothingLeft,

    /// <summary>Memory or open files ran out. The reading of the events ends with an <see cref="ExitTraceException"/>.</summary>
    Failed,
}
