using System.Diagnostics;
using System.Globalization;

namespace ExitSnoop.Bench;

/// <summary>Measures the cost of recording every exit with all details, and of finding exits in a recording.</summary>
internal sealed class Recordings(Bench bench)
{
    private const string Row = "exitsnoop --record";

    /// <summary>The number of exits at one a second, each of which is written separately.</summary>
    private const int SlowExits = 20;

    private static readonly Metric BytesPerExit = new("recorded-bytes", "Bytes of a recorded exit", "bytes", "0.0");
    private static readonly Metric SlowBytes = new("recorded-bytes-slow", "Bytes of a recorded exit, one a second", "bytes", "0.0");
    private static readonly Metric Memory = new("recorder-memory", "Peak memory of the recorder", "MB", "0.0");

    private readonly Workspace workspace = bench.Workspace;

    internal void Measure()
    {
        StormOptions options = new() { Count = bench.Plan.Exits, Code = PowerShellRun.Code };
        long lost = 0;
        for (int round = 1; round <= bench.Plan.SlowDownRounds; round++)
        {
            Bench.Say($"recording, round {round} of {bench.Plan.SlowDownRounds}");
            string folder = workspace.NewFile();
            double alone = Storm.Run(workspace, options).Elapsed;
            using CommandRun run = CommandRun.Start(workspace, [workspace.Console, "--record", folder], Sink.Null);
            Storm storm = Storm.Run(workspace, options);
            Outcome outcome = run.Finish(storm.Exits);
            bench.Samples.Add(Metric.SlowDown, Row, storm.Elapsed / alone);
            bench.Samples.Add(Metric.Cpu, Row, outcome.Cpu.Total * 100_000 / storm.Exits);
            bench.Samples.Add(Memory, Row, outcome.PeakMemory / 1e6);
            long all = CountOf(folder), ours = CountOf(folder, "--exit-code", $"{PowerShellRun.Code}");
            lost += storm.Exits - ours;
            bench.Samples.Add(BytesPerExit, Row, (double)SizeOf(folder) / all);
        }
        bench.AddFigure("slow-down of a two-worker vfork storm that is recorded with everything", Metric.SlowDown, Row, 1.15);
        bench.AddFigure(
            $"lost of {bench.Plan.SlowDownRounds} x {bench.Plan.Exits:#,0} recorded exits", "0", $"{lost:#,0}", lost == 0);
        bench.AddFigure("bytes of a recorded exit, storm", BytesPerExit, Row, 60);
        bench.AddFigure("peak memory of the recorder, storm", Memory, Row, 40);

        Bench.Say("recording one exit a second");
        string slow = workspace.NewFile();
        using (CommandRun run = CommandRun.Start(workspace, [workspace.Console, "--record", slow, "--exit-code", $"{PowerShellRun.Code}"], Sink.Null))
        {
            long before = SizeOf(slow);
            Storm storm = Storm.Run(workspace, new StormOptions { Workers = 1, Count = SlowExits, Rate = 1, Code = PowerShellRun.Code });
            Thread.Sleep(1500);
            bench.Samples.Add(SlowBytes, Row, (double)(SizeOf(slow) - before) / storm.Exits);
            run.Child.Interrupt();
        }
        bench.AddFigure("bytes of a recorded exit, one a second", SlowBytes, Row, 200);
    }

    internal void MeasureReading()
    {
        Bench.Say($"a recording of {bench.Plan.RecordedExits} exits");
        string small = workspace.NewFile(), large = workspace.NewFile();
        using (CommandRun run = CommandRun.Start(workspace, [workspace.Console, "--record", small], Sink.Null))
        {
            Storm storm = Storm.Run(workspace, new StormOptions { Count = bench.Plan.Exits });
            run.Finish(storm.Exits);
        }
        string copier = Path.Join(workspace.Root, "bench/ExitSnoop.Benchmarks/bin/Release/net10.0/ExitSnoop.Benchmarks.dll");
        ChildProcess.Run(workspace, "dotnet", copier, "--copy-recording", small, large, $"{bench.Plan.RecordedExits}", "8");
        bench.Facts.Add($"The recording that is read has {bench.Plan.RecordedExits:#,0} exits of 8 hours in {SizeOf(large) / 1e6:0} MB.");

        (double Seconds, double Cpu, double Memory) hour = Read(large, "--after", "-1h", "--crashed"), newest = Read(large, "-n", "20"), all = Read(large, "--signal", "SEGV");
        AddFigure("crashes of the last hour of 8", "s", 0.5, hour.Seconds, true);
        AddFigure("the newest 20", "s", 0.2, newest.Seconds, true);
        AddFigure("all of SEGV, million exits a second of CPU time", "million", 2, bench.Plan.RecordedExits / 1e6 / all.Cpu, false);
        AddFigure("peak memory of reading all", "MB", 60, all.Memory, true);
        if (bench.HasShell)
            MeasureShell(large);
    }

    /// <summary>Measures the same at the prompt, in a running shell.</summary>
    private void MeasureShell(string recording)
    {
        Bench.Say("reading it with Get-ProcessExit");
        string told = ChildProcess.Run(workspace, "pwsh", "-NoProfile", "-NonInteractive", "-File", workspace.Script("read.ps1"), recording);
        Dictionary<string, double> figures = told.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' '))
            .ToDictionary(words => words[0], words => double.Parse(words[1], CultureInfo.InvariantCulture));
        AddFigure("Get-ProcessExit -Last 1h -Crashed", "s", 0.7, figures["hour"], true);
        AddFigure("Get-ProcessExit -MaxEvents 20", "s", 0.2, figures["newest"], true);
        AddFigure("Get-ProcessExit -MaxEvents 1000000 | Measure-ProcessExit -Property Name", "s", 3, figures["measure"], true);
        bench.Facts.Add($"The PowerShell that did so had {figures["memory"]:0} MB of memory at most.");
    }

    private void AddFigure(string name, string unit, double target, double measured, bool most) => bench.AddFigure(
        $"of {bench.Plan.RecordedExits:#,0} recorded exits: {name}", $"{(most ? "<=" : ">=")} {target} {unit}", $"{measured:0.00} {unit}",
        most ? measured <= target : measured >= target);

    /// <summary>The best values of several runs: elapsed time, CPU time, and the highest memory use that was seen.</summary>
    private (double Seconds, double Cpu, double Memory) Read(string folder, params string[] arguments)
    {
        (double Seconds, double Cpu, double Memory) best = (double.MaxValue, double.MaxValue, 0);
        for (int round = 0; round < bench.Plan.Rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            using ChildProcess child = ChildProcess.Start([workspace.Console, "--read", folder, .. arguments], workspace.NewFile(), workspace.NewFile(), "/dev/null");
            double cpu = 0;
            while (!child.WaitForExit(TimeSpan.FromMilliseconds(2)))
                try
                {
                    (cpu, best.Memory) = (ProcessFigures.Cpu(child.Pid).Total, Math.Max(best.Memory, ProcessFigures.PeakMemory(child.Pid) / 1e6));
                }
                catch (Exception ended) when (ended is IOException or InvalidOperationException or FormatException or IndexOutOfRangeException)
                {
                    // The process has just ended.
                }
            best = (Math.Min(best.Seconds, Stopwatch.GetElapsedTime(start).TotalSeconds), Math.Min(best.Cpu, cpu), best.Memory);
        }
        return best;
    }

    private long CountOf(string folder, params string[] filter) =>
        ChildProcess.Run(workspace, [workspace.Console, "--read", folder, "-t", .. filter]).Split('\n').Length - 2;

    private static long SizeOf(string folder) => new DirectoryInfo(folder).EnumerateFiles().Sum(file => file.Length);
}
