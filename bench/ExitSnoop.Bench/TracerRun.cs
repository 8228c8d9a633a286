using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace ExitSnoop.Bench;

/// <summary>What came of a run.</summary>
/// <param name="Seen">Exits of the storm that came out; null where nothing keeps them to be counted.</param>
/// <param name="ToldLost">How many the tracer itself says were lost.</param>
/// <param name="Cpu">Its CPU time from the beginning of the storm on.</param>
/// <param name="PeakMemory">The most memory that it had resident, in bytes.</param>
/// <param name="AllSeen">When the last event had come out, as Stopwatch counts.</param>
internal sealed record Outcome(long? Seen, long ToldLost, CpuTime Cpu, long PeakMemory, long AllSeen);

/// <summary>A tracer that is running, attached, and has somewhere to put its lines.</summary>
internal abstract class TracerRun : IDisposable
{
    private static readonly TimeSpan AttachPatience = TimeSpan.FromSeconds(20);

    /// <summary>For so long no further program must have been attached.</summary>
    private static readonly TimeSpan Calm = TimeSpan.FromMilliseconds(300);

    private CpuTime begin;

    private protected TracerRun(Workspace workspace, ChildProcess tracer)
    {
        Workspace = workspace;
        Child = tracer;
    }

    /// <summary>The tracer.</summary>
    internal ChildProcess Child { get; }

    private protected Workspace Workspace { get; }

    /// <summary>Waits until all of a storm has come out, or no more does, measures, and ends the tracer.</summary>
    /// <param name="exits">How many exits there were.</param>
    internal abstract Outcome Finish(long exits);

    public virtual void Dispose() => Child.Dispose();

    /// <summary>Waits until its programs are attached and it has come to rest.</summary>
    private protected void WaitUntilAttached()
    {
        long start = Stopwatch.GetTimestamp();
        long since = start;
        for (int attached = 0; attached == 0 || Stopwatch.GetElapsedTime(since) < Calm;)
        {
            if (Child.HasExited)
                throw new BenchException(LastWords() ?? $"it ended with status {Child.ExitCode}");
            if (Stopwatch.GetElapsedTime(start) > AttachPatience)
                throw new BenchException("it had attached nothing in 20 seconds");
            Thread.Sleep(10);
            if (ProcessFigures.AttachedPrograms(Child.Pid) is var now && now != attached)
                (attached, since) = (now, Stopwatch.GetTimestamp());
        }
        begin = ProcessFigures.Cpu(Child.Pid);
    }

    /// <summary>All of the outcome but what is only known when the tracer has ended.</summary>
    private protected Outcome Measure(long allSeen) =>
        new(null, 0, ProcessFigures.Cpu(Child.Pid) - begin, ProcessFigures.PeakMemory(Child.Pid), allSeen);

    private string? LastWords() =>
        File.ReadLines(Child.ErrorFile).LastOrDefault(line => !string.IsNullOrWhiteSpace(line))?.Trim();
}

/// <summary>Where a console program's lines go.</summary>
internal enum Sink
{
    /// <summary>/dev/null.</summary>
    Null,

    File,

    /// <summary>A pipe, from which 10,000 lines a second are read.</summary>
    SlowReader,

    /// <summary>A pipe, at whose other end each line gets the time at which it came.</summary>
    Stamp,
}

/// <summary>A console program that runs.</summary>
internal sealed partial class CommandRun : TracerRun
{
    private const int SlowRate = 10_000;

    /// <summary>When for so long no line has come, none does.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan ReaderPatience = TimeSpan.FromSeconds(60);

    private readonly ChildProcess? reader;
    private readonly LineCounter? lines;
    private readonly string[] files;

    private CommandRun(Workspace workspace, ChildProcess tracer, ChildProcess? reader, LineCounter? lines, string[] files)
        : base(workspace, tracer)
    {
        this.reader = reader;
        this.lines = lines;
        this.files = files;
    }

    /// <summary>The file with the lines, if they are kept.</summary>
    internal string? Output => lines?.Path;

    /// <summary>What reads its pipe, if there is one.</summary>
    internal ChildProcess? Reader => reader;

    /// <param name="workspace">Where its files are.</param>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="sink">Where its lines go.</param>
    /// <param name="mark">What is in a line if it tells of an exit of the storm; see <see cref="Tracer.Mark"/>.</param>
    /// <exception cref="BenchException">It does not work here; the message is what it said.</exception>
    internal static CommandRun Start(Workspace workspace, string[] command, Sink sink, string mark = Storm.Name)
    {
        string errors = workspace.NewFile();
        CommandRun run;
        if (sink == Sink.Null)
        {
            run = new CommandRun(workspace, ChildProcess.Start(command, "/dev/null", errors, "/dev/null"), null, null, [errors]);
        }
        else if (sink == Sink.File)
        {
            string output = workspace.NewFile();
            run = new CommandRun(workspace, ChildProcess.Start(command, output, errors, "/dev/null"), null, new LineCounter(output, mark), [errors, output]);
        }
        else
        {
            string fifo = workspace.NewFifo(), output = workspace.NewFile(), readerErrors = workspace.NewFile();
            string[] reader = sink == Sink.SlowReader
                ? [workspace.Tool("reader"), "--rate", SlowRate.ToString(CultureInfo.InvariantCulture)]
                : [workspace.Tool("reader"), "--stamp"];
            ChildProcess reading = ChildProcess.Start(reader, output, readerErrors, fifo);
            ChildProcess tracer = ChildProcess.Start(command, fifo, errors, "/dev/null");
            run = new CommandRun(workspace, tracer, reading, new LineCounter(output, mark), [errors, fifo, output, readerErrors]);
        }
        try
        {
            run.WaitUntilAttached();
            return run;
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    internal override Outcome Finish(long exits)
    {
        if (lines is null)
            WaitUntilIdle();
        else
            lines.WaitFor(exits, Patience);
        Outcome outcome = Measure(lines?.LastGrowth ?? Stopwatch.GetTimestamp());
        Child.Interrupt();
        reader?.WaitForExit(ReaderPatience);
        return outcome with { Seen = lines?.Update(), ToldLost = ToldLost() };
    }

    /// <summary>What it said of losses, on standard error and, as some do, among its lines.</summary>
    internal long ToldLost()
    {
        IEnumerable<string> said = File.ReadLines(Child.ErrorFile);
        if (Output is not null)
            said = said.Concat(File.ReadLines(Output).Where(line => !line.Contains(Storm.Name, StringComparison.Ordinal)));
        long told = 0, total = 0;
        foreach (string line in said)
        {
            if (TotalLost().Match(line) is { Success: true } inAll)
                total = long.Parse(inAll.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            else if (SomeLost().Match(line) is { Success: true } some)
                told += long.Parse(some.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        }
        return total > 0 ? total : told;
    }

    public override void Dispose()
    {
        base.Dispose();
        reader?.Dispose();
        Workspace.Discard(files);
    }

    private void WaitUntilIdle()
    {
        double before;
        double now = ProcessFigures.Cpu(Child.Pid).Total;
        do
        {
            before = now;
            Thread.Sleep(100);
            now = ProcessFigures.Cpu(Child.Pid).Total;
        }
        while (now - before > 0.005);
    }

    /// <summary>Ours: "5 events were lost in all."</summary>
    [GeneratedRegex(@"(\d+) events were lost in all")]
    private static partial Regex TotalLost();

    /// <summary>"lost 5 events on CPU #0", "Possibly lost 5 samples", "Lost 5 events".</summary>
    [GeneratedRegex(@"lost (\d+) ", RegexOptions.IgnoreCase)]
    private static partial Regex SomeLost();
}

/// <summary>Where Watch-ProcessExit's objects go; see bench/watch.ps1.</summary>
internal enum PipelineSink
{
    Csv,
    Null,
    Table,
    Clock,
}

/// <summary>Watch-ProcessExit in a pwsh.</summary>
internal sealed partial class PowerShellRun : TracerRun
{
    /// <summary>
    /// The status of the exits that are meant, which no other program is likely to have. Asked for in the kernel, so
    /// that Watch-ProcessExit ends by itself, and orderly, after so many of them.
    /// </summary>
    internal const int Code = 213;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly string said;
    private readonly PipelineSink sink;
    private readonly string[] files;

    private PowerShellRun(Workspace workspace, ChildProcess shell, PipelineSink sink, string said, string output)
        : base(workspace, shell)
    {
        this.said = said;
        this.sink = sink;
        Output = output;
        files = [said, output, shell.ErrorFile];
    }

    /// <summary>The file that the pipeline ends in.</summary>
    internal string Output { get; }

    internal static PowerShellRun Start(Workspace workspace, PipelineSink sink, long exits)
    {
        string said = workspace.NewFile(), output = workspace.NewFile();
        string[] command = [.. Command(workspace, sink.ToString()), "-Path", output,
            "-Code", Code.ToString(CultureInfo.InvariantCulture), "-Count", exits.ToString(CultureInfo.InvariantCulture)];
        PowerShellRun run = new(workspace, ChildProcess.Start(command, said, workspace.NewFile()), sink, said, output);
        try
        {
            run.WaitUntilAttached();
            return run;
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }

    /// <summary>A pwsh that runs bench/watch.ps1.</summary>
    internal static string[] Command(Workspace workspace, string sink) =>
        ["pwsh", "-NoProfile", "-NonInteractive", "-File", workspace.Script("watch.ps1"), "-Sink", sink];

    /// <inheritdoc/>
    internal override Outcome Finish(long exits)
    {
        // It says so only when the last of as many as there were has passed.
        LineCounter done = new(said, "done");
        bool all = done.WaitFor(1, Patience) == 1;
        Outcome outcome = Measure(done.LastGrowth);
        Child.CloseInput();
        Child.WaitForExit(TimeSpan.FromSeconds(10));
        Match lost = Lost().Match(File.ReadAllText(said));
        return outcome with
        {
            Seen = sink == PipelineSink.Null ? all ? exits : null : new LineCounter(Output, Storm.Name).Update(),
            ToldLost = lost.Success ? long.Parse(lost.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : 0,
        };
    }

    public override void Dispose()
    {
        base.Dispose();
        Workspace.Discard(files);
    }

    [GeneratedRegex(@"(\d+) events were lost in all")]
    private static partial Regex Lost();
}
