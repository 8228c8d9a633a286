namespace ExitSnoop.Bench;

/// <summary>A tracer by its command line.</summary>
/// <param name="Name">What the tables call it.</param>
/// <param name="Command">Starts it: a line of text for each process exit.</param>
/// <param name="Filtered">Starts it so that its program in the kernel drops all that a storm makes.</param>
internal sealed record Tracer(string Name, string[] Command, string[] Filtered)
{
    private const string BpfTrace = "/usr/bin/bpftrace";

    /// <summary>What Debian has of the kind.</summary>
    private static readonly Tracer[] Peers =
    [
        new("libbpf-tools", ["/usr/sbin/exitsnoop"], ["/usr/sbin/exitsnoop", "-x"])
        {
            IsPeer = true,
            Prompt = ["stdbuf", "-oL", "/usr/sbin/exitsnoop"],
            OtherId = ["/usr/sbin/exitsnoop", "-p", OwnId],
        },
        new("bcc", ["/usr/sbin/exitsnoop-bpfcc"], ["/usr/sbin/exitsnoop-bpfcc", "-x"]) { IsPeer = true },
        // Its tracepoint has no status to filter by; any other condition is as good.
        new("bpftrace", [BpfTrace, "-e", BpfTraceProgram("pid == tid")], [BpfTrace, "-e", BpfTraceProgram("pid == 1")])
        {
            IsPeer = true,
        },
    ];

    private readonly string[]? prompt;

    /// <summary>This process, which does not exit during the measurement.</summary>
    private static string OwnId => Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Not ours.</summary>
    internal bool IsPeer { get; private init; }

    /// <summary>
    /// What is in a line if it tells of an exit of the storm: the name. Where command lines are told, those of the
    /// generator have it, too.
    /// </summary>
    internal string Mark { get; private init; } = Storm.Name;

    /// <summary>Starts it so that it asks for the exit of one process only; null where it cannot.</summary>
    internal string[]? OtherId { get; private init; }

    /// <summary>Starts it so that it writes each line at once, into a pipe, too.</summary>
    internal string[] Prompt
    {
        get => prompt ?? Command;
        private init => prompt = value;
    }

    /// <summary>The console program: the table, for which a basic event is enough.</summary>
    internal static Tracer Basic(Workspace workspace) =>
        new("exitsnoop", [workspace.Console], [workspace.Console, "--failed"])
        {
            OtherId = [workspace.Console, "-p", OwnId],
        };

    /// <summary>The console program with all that is to be known of an exit: collected, and told as far as a line holds it.</summary>
    internal static Tracer Everything(Workspace workspace) =>
        new("exitsnoop --why", [workspace.Console, "--why"], [workspace.Console, "--why", "--failed"])
        {
            // The generator's own command line has the name, too, but not in a column.
            Mark = $" {Storm.Name}  ",
        };

    /// <summary>The same, and all of it told: a kilobyte for each exit.</summary>
    internal static Tracer Json(Workspace workspace) =>
        new("exitsnoop --json", [workspace.Console, "--json"], [workspace.Console, "--json", "--failed"])
        {
            Mark = $"\"Name\":\"{Storm.Name}\"",
        };

    /// <exception cref="BenchException">It does not work here; the message is what it said.</exception>
    internal CommandRun Start(Workspace workspace, Sink sink) => CommandRun.Start(workspace, Command, sink, Mark);

    /// <summary>The peers that work on this machine; of the others the reason why not.</summary>
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
