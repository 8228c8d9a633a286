namespace ExitSnoop.Crash.Unwinding;

/// <summary>debuginfod(8): servers of symbols, which libdw asks where the environment names them.</summary>
internal static class DebugInfod
{
    /// <summary>The variable with the folder for what was downloaded.</summary>
    internal const string CachePath = "DEBUGINFOD_CACHE_PATH";

    /// <summary>The variables that its client library reads, and what it needs to keep a cache.</summary>
    internal static readonly string[] Variables =
        ["DEBUGINFOD_URLS", "DEBUGINFOD_TIMEOUT", CachePath, "DEBUGINFOD_MAXSIZE", "DEBUGINFOD_MAXTIME", "HOME", "XDG_CACHE_HOME"];

    internal static bool IsConfigured { get; } = Environment.GetEnvironmentVariable(Variables[0]) is { Length: > 0 };
}
