using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace ExitSnoop.Bench;

/// <summary>The results of a run.</summary>
/// <param name="Seen">Exits of the storm that came out; null where nothing keeps them to be counted.</param>
/// <param name="ToldLost">How many events the tracer itself reports as lost.</param>
/// <param name="Cpu">Its CPU time since the beginning of the storm.</param>
/// <param name="PeakMemory">The peak of its resident memory in bytes.</param>
/// <param name="AllSeen">When the last event was shown, as a timestamp of Stopwatch.</param>
internal sealed record Outcome(long? Seen, long ToldLost, CpuTime Cpu, long PeakMemory, long AllSeen);

/// <summary>A running tracer that is attached and writes its lines somewhere.</summary>
internal abstract class TracerRun : IDisposable
{
    private static readonly TimeSpan AttachPatience = TimeSpan.FromSeconds(20);

    /// <summary>A tracer is ready if it has attached no further program for this long.</summary>
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

    /// <summary>Waits until all events of a storm were shown, or no more come; then measures and ends the tracer.</summary>
    /// <param name="exits">How many exits there were.</param>
    internal abstract Outcome Finish(long exits);

    public virtual void Dispose() => Child.Dispose();

    /// <summary>Waits until its programs are attached and it is idle.</summary>
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

    /// <summary>The results, without those that are known only after the tracer has ended.</summary>
    private protected Outcome Measure(long allSeen) =>
        new(null, 0, ProcessFigures.Cpu(Child.Pid) - begin, ProcessFigures.PeakMemory(Child.Pid), allSeen);

    private string? LastWords() =>
        File.ReadLines(Child.ErrorFile).LastOrDefault(line => !string.IsNullOrWhiteSpace(line))?.Trim();
}

/// <summary>Where the lines of a console program go.</summary>
internal enum Sink
{
    /// <summary>/dev/null.</summary>
    Null,

    File,

    /// <summary>A pipe from which 10,000 lines a second are read.</summary>
    SlowReader,

    /// <summary>A pipe whose reader adds to each line the time at which it came.</summary>
    Stamp,
}

/// <summary>A running console program.</summary>
internal sealed partial class CommandRun : TracerRun
{
    private const int SlowRate = 10_000;

    /// <summary>If no line has come for this long, no more are expected.</summary>
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

    /// <summary>The file with its lines; null if they are not kept.</summary>
    internal string? Output => lines?.Path;

    /// <summary>The process that reads its pipe; null if there is none.</summary>
    internal ChildProcess? Reader => reader;

    /// <param name="workspace">The folder for its files.</param>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="sink">Where its lines go.</param>
    /// <param name="mark">The text that identifies a line about an exit of the storm; see <see cref="Tracer.Mark"/>.</param>
    /// <exception cref="BenchException">The program does not work on this machine. The message is its error.</exception>
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

    /// <summary>The losses that it reported, on standard error or, as some programs do, among its lines.</summary>
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

    /// <summary>The message of ExitSnoop: "5 events were lost in all."</summary>
    [GeneratedRegex(@"(\d+) events were lost in all")]
    private static partial Regex TotalLost();

    /// <summary>Messages of other tracers: "lost 5 events on CPU #0", "Possibly lost 5 samples", "Lost 5 events".</summary>
    [GeneratedRegex(@"lost (\d+) ", RegexOptions.IgnoreCase)]
    private static partial Regex SomeLost();
}

/// <summary>Where the objects of Watch-ProcessExit go; see bench/watch.ps1.</summary>
internal enum PipelineSink
{
    Csv,
    Null,
    Table,
    Clock,
}

/// <summary>A pwsh that runs Watch-ProcessExit.</summary>
internal sealed partial class PowerShellRun : TracerRun
{
    /// <summary>
    /// The exit status of the storm's processes, which other programs are unlikely to have. The kernel filters by it, so that
    /// Watch-ProcessExit ends after exactly these exits.
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

    /// <summary>The file that the pipeline writes.</summary>
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
        // It prints "done" only after the last of the expected events.
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
