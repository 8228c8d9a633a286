using System.Runtime.InteropServices;

namespace ExitSnoop.Bench;

/// <summary>
/// Measures the nanoseconds in all BPF programs of a tracer for each exit of a storm, for exits that it reports and for exits
/// that its program drops. The kernel measures them, which takes time itself, so the other figures come from other storms. The
/// figure of an empty program is the cost of measuring.
/// </summary>
internal sealed class KernelCost(Bench bench)
{
    internal const string Empty = "an empty program", ExecRow = "exitsnoop --why, fork and exec";

    private static readonly Metric Executed = new("kernel-executed", "In the kernel, per exit of a command that was forked and executed", "ns", "#,0");

    private static readonly Metric OtherId = new("kernel-other-id", "In the kernel, per exit of another id than -p", "ns", "#,0");

    private readonly Workspace workspace = bench.Workspace;

    internal void Measure()
    {
        using SafeHandle counting = LibC.CountProgramRuns();
        StormOptions vfork = new() { Count = bench.Plan.Exits };
        for (int round = 1; round <= bench.Plan.KernelRounds; round++)
        {
            Bench.Say($"nanoseconds in the kernel, round {round} of {bench.Plan.KernelRounds}");
            MeasureOne(Metric.KernelFiltered, Empty, [workspace.Tool("empty")], vfork);
            foreach (Tracer tracer in bench.Tracers)
            {
                MeasureOne(Metric.KernelReported, tracer.Name, tracer.Command, vfork);
                MeasureOne(Metric.KernelFiltered, tracer.Name, tracer.Filtered, vfork);
                if (tracer.OtherId is { } otherId)
                    MeasureOne(OtherId, tracer.Name, otherId, vfork);
            }
            // These processes have arguments, a path and a memory map of their own.
            MeasureOne(Executed, ExecRow, bench.Everything.Command, vfork with { Kind = "exec", Count = bench.Plan.Exits / 10 });
        }

        string peers = bench.PeerRange(Metric.KernelReported);
        bench.AddFigure("in the kernel per reported exit, basic event", Metric.KernelReported, bench.Basic.Name, 200, peers);
        bench.AddFigure("the same, everything on", Metric.KernelReported, bench.Everything.Name, 1400, peers);
        bench.AddFigure("the same, of a command that is forked and executed", Executed, ExecRow, null);
        bench.AddFigure(
            $"in the kernel per exit that `--failed` drops (an empty program: {bench.Samples.Of(Metric.KernelFiltered, Empty)?.Median:0})",
            Metric.KernelFiltered, bench.Basic.Name, 60, bench.PeerRange(Metric.KernelFiltered));
        bench.AddFigure("in the kernel per exit that `-p` of another id drops", OtherId, bench.Basic.Name, 70, bench.PeerRange(OtherId));
    }

    private void MeasureOne(Metric metric, string row, string[] command, StormOptions options)
    {
        using CommandRun run = CommandRun.Start(workspace, command, Sink.Null);
        ProgramRuns before = ProcessFigures.Programs(run.Child.Pid);
        // Exits of other processes count, too. About as many processes have exited as were started.
        long started = Machine.ProcessesStarted();
        Storm.Run(workspace, options);
        long exits = Machine.ProcessesStarted() - started;
        ProgramRuns runs = ProcessFigures.Programs(run.Child.Pid) - before;
        run.Child.Interrupt();
        bench.Samples.Add(metric, row, (double)runs.Nanoseconds / exits);
    }
}
