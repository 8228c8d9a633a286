using ExitSnoop.ModuleTests.Engine;

namespace ExitSnoop.ModuleTests.Support;

/// <summary>
/// One run of tests/programs/scenario with the original's cases, seen by many watches at once, each with
/// other parameters: the lines that a user sees of each, and the truth.
/// </summary>
internal sealed class Scenario
{
    private static readonly Lazy<Scenario> OneRun = new(() => new Scenario());

    /// <summary>The golden files, with the parameters for each. The zone is that of a shell of its own.</summary>
    private static readonly (string Golden, string Parameters, string? Zone)[] Watches =
    [
        ("none-core", "", null),
        ("x", "-x", null),
        ("utc", "-Utc", null),
        ("label-foo", "-Label foo", null),
        ("label-empty", "-Label ''", null),
        ("label-long", "-Label longerlabel", null),
        ("per-thread", "-PerThread", null),
        ("combined-utc", "-Utc -Label '' -x", null),
        ("t", "-t", "UTC"),
        ("combined", "-t -x -Label foo -PerThread", "UTC"),
        ("t-tz-kolkata", "-t", "Asia/Kolkata"),
        ("zone-without-a-name", "-t", "America/Sao_Paulo"),
    ];

    private readonly Dictionary<string, string[]> lines = [];

    private Scenario()
    {
        string cores = File.ReadAllText("/proc/sys/kernel/core_pattern").StartsWith('/') ? "" : "--cores";
        // With sh in front its id is known before it begins.
        using Command program = Command.Start("sh", ["-c", $"read go; exec \"$0\" {cores}", TestProgram.Scenario]);
        string Script(string parameters) => $"Watch-ProcessExit {program.Id} -IncludeChildren {parameters} | Out-String -Stream -Width 200";

        List<(string Golden, Shell Shell, RunningScript Watch)> hosted = [];
        List<(string Golden, Command Watch)> children = [];
        try
        {
            foreach ((string golden, string parameters, string? zone) in Watches)
            {
                if (zone is not null)
                {
                    // In a runspace without a screen, for which the columns would be made narrower.
                    string job = $"Start-ThreadJob {{ $VerbosePreference = 'Continue'; Import-Module '{Paths.Module}'; {Script(parameters)} }} | Receive-Job -Wait";
                    children.Add((golden, Pwsh.StartWatch(job, null, ("TZ", zone))));
                    continue;
                }
                Shell shell = Shell.Open();
                hosted.Add((golden, shell, shell.StartWatch(Script(parameters))));
            }
            program.Write("\n");
            Deaths = DeathOfScenario.Parse(program.Wait().Output);
            foreach ((string golden, _, RunningScript watch) in hosted)
                lines[golden] = Table(watch.Wait().Output.Select(line => (string)line!));
            foreach ((string golden, Command watch) in children)
                lines[golden] = Table(watch.Wait().Output.Split('\n').Where(line => !line.StartsWith("VERBOSE:", StringComparison.Ordinal)));
        }
        finally
        {
            foreach ((_, Shell shell, RunningScript watch) in hosted)
            {
                watch.Dispose();
                shell.Dispose();
            }
            foreach ((_, Command watch) in children)
                watch.Dispose();
        }
    }

    /// <summary>What waitpid said, of each process.</summary>
    internal IReadOnlyList<DeathOfScenario> Deaths { get; } = [];

    /// <summary>The run; made when it is first asked for, and the same for all.</summary>
    internal static Scenario Run()
    {
        Need.Kernel();
        return OneRun.Value;
    }

    /// <summary>What one of the watches printed: header, then rows, without the rule and blank lines.</summary>
    internal string[] Lines(string golden) => lines[golden];

    private static string[] Table(IEnumerable<string> printed) =>
        [.. printed.Select(line => line.TrimEnd()).Where(line => line.Length > 0 && !line.Contains("-----", StringComparison.Ordinal))];
}
