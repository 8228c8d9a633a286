namespace ExitSnoop.Bench;

/// <summary>A tracer and its command lines.</summary>
/// <param name="Name">Its name in the tables.</param>
/// <param name="Command">Starts it so that it prints a line for each process exit.</param>
/// <param name="Filtered">Starts it so that its program in the kernel drops all exits of a storm.</param>
internal sealed record Tracer(string Name, string[] Command, string[] Filtered)
{
    private const string BpfTrace = "/usr/bin/bpftrace";

    /// <summary>The other tracers of process exits in Debian.</summary>
    private static readonly Tracer[] Peers =
    [
        new("libbpf-tools", ["/usr/sbin/exitsnoop"], ["/usr/sbin/exitsnoop", "-x"])
        {
            IsPeer = true,
            Prompt = ["stdbuf", "-oL", "/usr/sbin/exitsnoop"],
            OtherId = ["/usr/sbin/exitsnoop", "-p", OwnId],
        },
        new("bcc", ["/usr/sbin/exitsnoop-bpfcc"], ["/usr/sbin/exitsnoop-bpfcc", "-x"]) { IsPeer = true },
        // Its tracepoint has no status to filter by, so it filters by another condition.
        new("bpftrace", [BpfTrace, "-e", BpfTraceProgram("pid == tid")], [BpfTrace, "-e", BpfTraceProgram("pid == 1")])
        {
            IsPeer = true,
        },
    ];

    private readonly string[]? prompt;

    /// <summary>This process, which does not exit during the measurement.</summary>
    private static string OwnId => Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Whether it is another tracer, not ExitSnoop.</summary>
    internal bool IsPeer { get; private init; }

    /// <summary>
    /// The text by which a line about an exit of the storm is recognized: the name. If command lines are printed, the line
    /// about the generator contains it, too.
    /// </summary>
    internal string Mark { get; private init; } = Storm.Name;

    /// <summary>Starts it so that it watches one process only; null if it has no such option.</summary>
    internal string[]? OtherId { get; private init; }

    /// <summary>Starts it so that it writes each line immediately, even to a pipe.</summary>
    internal string[] Prompt
    {
        get => prompt ?? Command;
        private init => prompt = value;
    }

    /// <summary>The console program with its table, which needs only basic events.</summary>
    internal static Tracer Basic(Workspace workspace) =>
        new("exitsnoop", [workspace.Console], [workspace.Console, "--failed"])
        {
            OtherId = [workspace.Console, "-p", OwnId],
        };

    /// <summary>The console program with all details of an exit, of which --why prints a part.</summary>
    internal static Tracer Everything(Workspace workspace) =>
        new("exitsnoop --why", [workspace.Console, "--why"], [workspace.Console, "--why", "--failed"])
        {
            // The command line of the generator contains the name, too, but not as a column.
            Mark = $" {Storm.Name}  ",
        };

    /// <summary>The console program with all details, all of which --json prints: more than a kilobyte for each exit.</summary>
    internal static Tracer Json(Workspace workspace) =>
        new("exitsnoop --json", [workspace.Console, "--json"], [workspace.Console, "--json", "--failed"])
        {
            Mark = $"\"Name\":\"{Storm.Name}\"",
        };

    /// <exception cref="BenchException">The tracer does not work on this machine. The message is its error.</exception>
    internal CommandRun Start(Workspace workspace, Sink sink) => CommandRun.Start(workspace, Command, sink, Mark);

    /// <summary>The other tracers that work on this machine. Adds the reason for each that does not.</summary>
    internal static List<Tracer> FindPeers(Workspace workspace, IDictionary<string, string> missing)
    {
        List<Tracer> found = [];
        foreach (Tracer peer in Peers)
        {
            if (!File.Exists(peer.Command[0]))
            {
                missing[peer.Name] = "not installed";
                continue;
            }
            try
            {
                using TracerRun trial = peer.Start(workspace, Sink.Null);
                found.Add(peer);
            }
            catch (BenchException reason)
            {
                missing[peer.Name] = reason.Message;
            }
        }
        return found;
    }

    private static string BpfTraceProgram(string condition) =>
        $"tracepoint:sched:sched_process_exit /{condition}/ {{ printf(\"%-16s %-7d %-7d\\n\", comm, pid, tid); }}";
}
