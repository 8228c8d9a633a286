using ExitSnoop.Cli.Arguments;
using ExitSnoop.Cli.Native;
using ExitSnoop.Cli.Output;

namespace ExitSnoop.Cli;

/// <summary>One run: from the trace to the lines.</summary>
internal sealed class Watch
{
    private const long MillisecondsBetweenLossReports = 1000;

    private readonly CommandLine command;
    private readonly OutputBuffer output = new();
    private readonly IEventFormat format;

    private long lostReported;
    private long lastLossReport = long.MinValue / 2;
    private int missing;

    internal Watch(CommandLine command)
    {
        this.command = command;
        WallClock clock = new(command.Trace.Utc);
        string? label = command.Trace.Label;
        format = command.View switch
        {
            View.Json => new JsonFormat(output, clock),
            View.Why => new WhyFormat(output, clock, label),
            _ => new TableFormat(output, command.Timestamp ? clock : null, label),
        };
    }

    /// <summary>Runs until something ends it; the exit status.</summary>
    /// <exception cref="ExitTraceException">There is no tracing here.</exception>
    internal int Run()
    {
        using Ending ending = new();
        // The library's times in UTC: the wall clock of the output makes them local.
        using ExitTrace trace = ExitTrace.Start(command.Trace with { Utc = true });
        ending.Attach(trace, command.TimeLimit);
        try
        {
            return Show(trace, ending);
        }
        catch (OutputException e) when (e.IsClosed)
        {
            return ExitStatus.Success;
        }
        catch (OutputException e)
        {
            trace.Stop();
            StandardError.Report("cannot write to standard output: " + e.Message);
            return ExitStatus.OutputError;
        }
    }

    private int Show(ExitTrace trace, Ending ending)
    {
        ReportMissing(trace);
        if (missing > 0 && missing == command.Trace.Ids.Distinct().Count())
            return ExitStatus.NotSeen;

        format.WriteHeader();
        output.Flush();
        if (command.Verbose)
        {
            StandardError.Report($"attached ({trace.AttachType}, {trace.GroupDeath}, {trace.Transport}), kernel {trace.KernelRelease}, "
                + $"libbpf {trace.LibBpfVersion} ({trace.LibBpfReason}), buffer of {trace.BufferSize} MiB");
        }

        long left = command.MaxEvents ?? long.MaxValue;
        while (true)
        {
            while (left > 0 && trace.TryRead(out ExitEvent? exit))
            {
                format.Write(exit);
                left--;
            }

            // The queue is empty: nothing is held back.
            output.Flush();
            ReportMissing(trace);
            ReportLost(trace);
            if (left == 0 || ending.Reason == EndReason.OutputClosed || trace.IsCompleted)
                break;
            trace.WaitForEvents(Timeout.InfiniteTimeSpan);
        }

        trace.Stop();
        return Finish(trace, ending);
    }

    private int Finish(ExitTrace trace, Ending ending)
    {
        // As after any program that is interrupted at a terminal, the prompt starts on a line of its own.
        if (ending.Reason == EndReason.Interrupt && (command.View != View.Json || LibC.IsTerminal(LibC.StandardOutput)))
        {
            output.EndLine();
            output.Flush();
        }

        if (trace.LostCount is > 0 and long lost)
            StandardError.Report($"{lost} events lost in all");

        int status = missing > 0 ? ExitStatus.NotSeen : ExitStatus.Success;
        if (ending.Reason == EndReason.TimeUp)
        {
            foreach (int id in trace.AliveIds)
            {
                StandardError.Report($"process {id} is still alive: time is up");
                status = ExitStatus.NotSeen;
            }
        }

        return status;
    }

    private void ReportMissing(ExitTrace trace)
    {
        foreach (int id in trace.TakeMissingIds())
        {
            StandardError.Report($"no process has the id {id}");
            missing++;
        }
    }

    /// <summary>The first loss at once, then no more than one line a second: what is lost is told again at the end.</summary>
    private void ReportLost(ExitTrace trace)
    {
        long lost = trace.LostCount;
        long now = Environment.TickCount64;
        if (lost == lostReported || now - lastLossReport < MillisecondsBetweenLossReports)
            return;

        StandardError.Report($"{lost - lostReported} events lost; a larger --buffer-size loses fewer");
        lostReported = lost;
        lastLossReport = now;
    }
}
