using System.Globalization;
using System.Text.RegularExpressions;
using ExitSnoop.ModuleTests.Engine;

namespace ExitSnoop.ModuleTests.Support;

/// <summary>A process of the scenario, as wait4(2) reported it to its parent.</summary>
internal sealed record Death(string Case, string Name, int Id, int ParentId, int WaitStatus)
{
    /// <summary>The text of the EXIT_CODE column, from waitpid's macros.</summary>
    internal string Status
    {
        get
        {
            int signal = WaitStatus & 0x7f, code = WaitStatus >> 8 & 0xff;
            return signal != 0
                ? $"signal {signal} ({SignalName(signal)})" + ((WaitStatus & 0x80) != 0 ? ", core dumped" : "")
                : code != 0 ? $"code {code}" : "0";
        }
    }

    // As bash's "kill -l" has them, written down here once more: it is what is tested.
    private static string SignalName(int signal) => signal switch
    {
        < 32 => "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH POLL PWR SYS"
            .Split(' ')[signal - 1],
        32 or 33 => signal.Text(),
        34 => "RTMIN",
        < 50 => $"RTMIN+{signal - 34}",
        < 64 => $"RTMAX-{64 - signal}",
        _ => "RTMAX",
    };
}

/// <summary>
/// One run of tests/programs/scenario with the original's cases, seen by many watches at once, each with
/// other parameters: the lines that a user sees of each, and the truth.
/// </summary>
internal sealed partial class Scenario
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
            string[] truth = program.Wait().Lines;
            Deaths = [.. truth.Select(line => line.Split('\t')).Where(fields => fields[0] != "thread")
                .Select(fields => new Death(fields[0], Unescape(fields[1]), Number(fields[2]), Number(fields[3]), Number(fields[4])))];
            MainThreads = truth.Select(line => line.Split('\t')).Where(fields => fields[0] == "thread" && fields[2] == fields[3])
                .GroupBy(fields => Number(fields[2]), fields => Number(fields[4])).Where(group => group.Count() == 1)
                .ToDictionary(group => group.Key, group => group.Single());
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
    internal IReadOnlyList<Death> Deaths { get; } = [];

    /// <summary>The status that the main thread left with, where it had others beside it.</summary>
    internal IReadOnlyDictionary<int, int> MainThreads { get; } = new Dictionary<int, int>();

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

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static string Unescape(string name) => HexEscape().Replace(name, match => $"{(char)Convert.ToByte(match.Groups[1].Value, 16)}");

    [GeneratedRegex(@"\\x([0-9a-f]{2})")]
    private static partial Regex HexEscape();
}
