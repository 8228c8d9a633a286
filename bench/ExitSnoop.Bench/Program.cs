using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using ExitSnoop.Bench;

const string Usage = "usage: bench/run.sh [--quick] [--only PART[,PART...]] [--output FOLDER]";

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
string root = Environment.GetEnvironmentVariable("EXITSNOOP_ROOT") ?? Directory.GetCurrentDirectory();
Plan plan = Plan.Full;
string? folder = null;
string[]? only = null;
for (int i = 0; i < args.Length; i++)
{
    if (args[i] == "--quick")
        plan = Plan.Quick;
    else if (args[i] == "--only" && i + 1 < args.Length)
        only = args[++i].Split(',');
    else if (args[i] == "--output" && i + 1 < args.Length)
        folder = args[++i];
    else
    {
        Console.Error.WriteLine(Usage);
        return 2;
    }
}

// The results of a quick run do not replace the published ones.
folder ??= Path.Join(root, plan.IsQuick ? "out/bench/results" : "bench/results");
string page = Path.Join(root, "docs/performance.md");
string newPage = plan.IsQuick ? Path.Join(folder, "performance.md") : page;

using Workspace workspace = new(root);
foreach (PosixSignal signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP])
    PosixSignalRegistration.Create(signal, _ =>
    {
        ChildProcess.KillAll();
        workspace.Dispose();
        Environment.Exit(130);
    });

try
{
    Dictionary<string, string> missing = [];
    Bench bench = new()
    {
        Workspace = workspace,
        Plan = plan,
        Peers = Tracer.FindPeers(workspace, missing),
        HasShell = HasShell(),
    };
    foreach ((string peer, string reason) in missing)
        Bench.Say($"without {peer}: {reason}");
    if (!bench.HasShell)
        Bench.Say("without Watch-ProcessExit: there is no pwsh");
    (string, string)[] machine = [.. Machine.Describe(bench)];

    long start = Stopwatch.GetTimestamp();
    foreach ((string name, Action measure) in Parts(bench))
    {
        if (only is not null && !only.Contains(name))
            continue;
        long begin = Stopwatch.GetTimestamp();
        bench.Part = name;
        try
        {
            measure();
        }
        catch (BenchException failure)
        {
            Bench.Say(failure.Message);
            bench.Facts.Add($"Not to its end, {name}: {failure.Message}");
        }
        Bench.Say($"{name} took {Stopwatch.GetElapsedTime(begin).TotalSeconds:0} s");
    }

    Bench.Say($"all of it took {Stopwatch.GetElapsedTime(start).TotalMinutes:0.0} minutes");
    string command = string.Join(' ', (string[])["./bootstrap.sh bench", .. args]);
    Console.Write(new Report(bench, folder).Write(command, machine, missing));
    File.WriteAllText(newPage, new Page(bench, command, machine).Fill(File.ReadAllText(page)));
    Bench.Say($"the same in {folder}/results.md, with charts, and its figures in {newPage}");
    return 0;
}
catch (BenchException failure)
{
    Bench.Say(failure.Message);
    return 1;
}
finally
{
    ChildProcess.KillAll();
}

static (string Name, Action Measure)[] Parts(Bench bench) =>
[
    ("storms", new SideBySide(bench).Measure),
    ("kernel", new KernelCost(bench).Measure),
    ("prompt", new Promptness(bench).Measure),
    ("arrivals", new Arrivals(bench).Measure),
    ("module", new ModuleCost(bench).Measure),
    ("idle", new Idle(bench).Measure),
    ("many", new Endurance(bench).Measure),
    ("growth", new Growth(bench).Measure),
    ("recording", new Recordings(bench).Measure),
    ("reading", new Recordings(bench).MeasureReading),
];

bool HasShell()
{
    try
    {
        ChildProcess.Run(workspace, "pwsh", "-NoProfile", "-NonInteractive", "-Command", "exit 0");
        return true;
    }
    catch (BenchException)
    {
        return false;
    }
}
