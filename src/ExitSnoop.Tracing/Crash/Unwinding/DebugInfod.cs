namespace ExitSnoop.Crash.Unwinding;

/// <summary>debuginfod(8): libdw downloads symbols from servers if the environment names them.</summary>
internal static class DebugInfod
{
    /// <summary>The variable that names the folder for downloaded files.</summary>
    internal const string CachePath = "DEBUGINFOD_CACHE_PATH";

    /// <summary>The variables that its client library reads, including those that determine the folder.</summary>
    internal static readonly string[] Variables =
        ["DEBUGINFOD_URLS", "DEBUGINFOD_TIMEOUT", CachePath, "DEBUGINFOD_MAXSIZE", "DEBUGINFOD_MAXTIME", "HOME", "XDG_CACHE_HOME"];

    internal static bool IsConfigured { get; } = Environment.GetEnvironmentVariable(Variables[0]) is { Length: > 0 };
}
