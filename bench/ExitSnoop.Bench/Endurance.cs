
namespace ExitSnoop.Bench;

/// <summary>Measures very many exits, and the count of lost ones.</summary>
internal sealed class Endurance(Bench bench)
{
    private readonly Workspace workspace = bench.Workspace;

    internal void Measure()
    {
        HighestRate();
        if (bench.HasShell)
            ManyIntoCsv();
        StoppedReader();
        ExactLoss();
    }

    /// <summary>Writes as many exits as the machine can make into a file.</summary>
    private void HighestRate()
    {
        Bench.Say($"the highest rate for {bench.Plan.HighestSeconds} s");
        using CommandRun run = bench.Basic.Start(workspace, Sink.File);
        Storm storm = Storm.Run(workspace, new StormOptions { Workers = Environment.ProcessorCount, Seconds = bench.Plan.HighestSeconds });
        Outcome outcome = run.Finish(storm.Exits);
        long lost = storm.Exits - outcome.Seen!.Value;
        bench.AddFigure(
            $"lost of {storm.Exits:#,0} at {storm.Rate:#,0} exits/s for {storm.Elapsed:0} s, `exitsnoop` into a file",
            "0", $"{lost:#,0}; {outcome.Cpu.User * 100_000 / storm.Exits:0.000} s user CPU per 100,000, {outcome.PeakMemory / 1e6:0} MB",
            lost == 0);
    }

    private void ManyIntoCsv()
    {
        Bench.Say($"{bench.Plan.CsvExits} exits into Export-Csv");
        using PowerShellRun run = PowerShellRun.Start(workspace, PipelineSink.Csv, bench.Plan.CsvExits);
        Storm storm = Storm.Run(workspace, new StormOptions { Count = bench.Plan.CsvExits, Code = PowerShellRun.Code });
        Outcome outcome = run.Finish(storm.Exits);
        long lost = storm.Exits - outcome.Seen!.Value;
        bench.AddFigure(
            $"lost of {storm.Exits:#,0} at {storm.Rate:#,0} exits/s, `Watch-ProcessExit` into `Export-Csv`",
            "0, peak memory < 1,000 MB", $"{lost:#,0}, {outcome.PeakMemory / 1e6:#,0} MB", lost == 0 && outcome.PeakMemory < 1e9);
    }

    /// <summary>Stops the reader for 300 ms while exits happen at the machine's highest rate.</summary>
    private void StoppedReader()
    {
        const double seconds = 0.3;
        Bench.Say("a reader that is stopped for 300 ms");
        double rate = Storm.Run(workspace, new StormOptions { Count = bench.Plan.Exits }).Rate;
        using CommandRun run = bench.Everything.Start(workspace, Sink.File);
        run.Child.Signal(LibC.SIGSTOP);
        Storm storm = Storm.Run(workspace, new StormOptions { Count = (long)(rate * seconds) });
        run.Child.Signal(LibC.SIGCONT);
        long lost = storm.Exits - run.Finish(storm.Exits).Seen!.Value;
        bench.AddFigure($"lost of {storm.Exits:#,0} while `{bench.Everything.Name}` is stopped for {storm.Elapsed * 1000:0} ms", "0", $"{lost:#,0}", lost == 0);
    }

    /// <summary>Stops the reader with a small ring buffer. The reported number of lost events must be exact.</summary>
    private void ExactLoss()
    {
        Bench.Say("the count of lost events");
        bool exact = true;
        List<string> sums = [];
        for (int round = 0; round < bench.Plan.LossRounds; round++)
        {
            // Filters by the exit code in the kernel, so that no exit of another process can be among the lost ones.
            string[] command = [.. bench.Everything.Command, "--buffer-size", "1", "--exit-code", $"{PowerShellRun.Code}"];
            using CommandRun run = CommandRun.Start(workspace, command, Sink.File, bench.Everything.Mark);
            run.Child.Signal(LibC.SIGSTOP);
            Storm storm = Storm.Run(workspace, new StormOptions { Count = bench.Plan.Exits, Code = PowerShellRun.Code });
            run.Child.Signal(LibC.SIGCONT);
            Outcome outcome = run.Finish(storm.Exits);
            sums.Add($"{outcome.Seen:#,0} + {outcome.ToldLost:#,0}");
            exact &= outcome.Seen + outcome.ToldLost == storm.Exits && outcome.ToldLost > 0;
        }
        bench.AddFigure(
            $"seen + lost of {bench.Plan.Exits:#,0}, a ring of 1 MiB and a reader that is stopped", $"{bench.Plan.Exits:#,0}", string.Join("; ", sums), exact);
    }
}
