namespace ExitSnoop.Testing;

/// <summary>The programs of tests/programs, most of which die in a special way, and bench's storm.</summary>
internal static class TestProgram
{
    private static readonly string Folder = Path.Join(Paths.Out, "programs");

    internal static string Arguments { get; } = Path.Join(Folder, "arguments");

    internal static string Causes { get; } = Path.Join(Folder, "causes");

    internal static string EchoExit { get; } = Path.Join(Folder, "echo-exit");

    /// <summary>A library for LD_PRELOAD.</summary>
    internal static string FailingWrites { get; } = Path.Join(Folder, "failing-writes.so");

    internal static string Murder { get; } = Path.Join(Folder, "murder");

    internal static string Nap { get; } = Path.Join(Folder, "nap");

    internal static string Pidns { get; } = Path.Join(Folder, "pidns");

    internal static string Scenario { get; } = Path.Join(Folder, "scenario");

    internal static string Storm { get; } = Path.Join(Paths.Out, "bench", "storm");

    internal static string Threads { get; } = Path.Join(Folder, "threads");

    internal static string Victim { get; } = Path.Join(Folder, "victim");
}
