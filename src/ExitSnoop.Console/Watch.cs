using System.Runtime.CompilerServices;
using ExitSnoop.Cli.Arguments;
using ExitSnoop.Cli.Native;
using ExitSnoop.Cli.Output;

namespace ExitSnoop.Cli;

/// <summary>One run that traces, and prints or counts the exits.</summary>
internal sealed class Watch
{
    private readonly CommandLine command;
    private readonly OutputBuffer output = new();
    private readonly IEventFormat? format;

    private int missing;

    /// <summary>The path of this program, which contains the unwinder; null if it runs as exitsnoop.dll, because that file cannot be executed.</summary>
    internal static string? OwnProgram => RuntimeFeature.IsDynamicCodeSupported ? null : "/proc/self/exe";

    internal Watch(CommandLine command)
    {
        this.command = command;
        format = EventFormat.Of(command, output);
    }

    /// <summary>Traces until a signal or an option ends the run; returns the exit status.</summary>
    /// <exception cref="ExitTraceException">Exits cannot be traced, or the trace had to end.</exception>
    internal int Run()
    {
        using Ending ending = new(hangupEnds: format is not null);
        using ExitTrace trace = ExitTrace.Start(command.Trace with { UnwinderProgram = OwnProgram });
        ending.Attach(trace.Stop);
        if (format is not null)
            ending.FollowOutput();
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

        format?.WriteHeader();
        output.Flush();
        if (command.Verbose)
        {
            StandardError.Report($"attached ({trace.Attachment}, {trace.GroupDeath}: {trace.AttachReason}), kernel {trace.KernelRelease}, "
                + $"libbpf {trace.LibBpfVersion} ({trace.LibBpfReason}), buffer of {trace.BufferSize} MiB");
            if (trace.CrashSupport is { } crashes)
                StandardError.Report(crashes);
        }

        while (true)
        {
            while (Take(trace))
                ReportLosses(trace);

            // The queue is empty. Writes all lines instead of waiting for more.
            output.Flush();
            ReportMissing(trace);
            ReportLosses(trace);
            if (ending.Reason == EndReason.OutputClosed || trace.IsCompleted)
                break;
            trace.WaitForEvents(Timeout.InfiniteTimeSpan);
        }

        trace.Stop();
        return Finish(trace, ending);
    }

    /// <summary>Takes an event and shows it; returns false if there is none.</summary>
    private bool Take(ExitTrace trace)
    {
        if (format is null)
            return trace.TryReadRecord(out _);
        if (!trace.TryRead(out ExitEvent? exit))
            return false;
        format.Write(exit);
        return true;
    }

    private int Finish(ExitTrace trace, Ending ending)
    {
        // The terminal has printed ^C, so the prompt should begin on a new line.
        if (format is not null && ending.Reason == EndReason.Interrupt && (command.View != View.Json || StandardOutput.IsTerminal))
        {
            output.EndLine();
            output.Flush();
        }

        int status = missing > 0 ? ExitStatus.NotSeen : ExitStatus.Success;
        if (trace.End == ExitTraceEnd.TimeLimit)
        {
            foreach (int id in trace.AliveIds)
            {
                StandardError.Report($"process {id} has not exited within the given time");
                status = ExitStatus.NotSeen;
            }
        }

        return status;
    }

    private void ReportMissing(ExitTrace trace)
    {
        foreach (int id in trace.TakeMissingIds())
        {
            StandardError.Report($"no process has the ID {id}");
            missing++;
        }
        foreach (int id in trace.TakeUnseenIds())
        {
            StandardError.Report($"process {id} has exited, but the kernel did not run the BPF program for its exit");
            missing++;
        }
    }

    private static void ReportLosses(ExitTrace trace)
    {
        while (trace.TryTakeLoss(out ExitTraceLoss? loss))
            StandardError.Report(loss.Message);
        while (trace.TryTakeMetricsMessage(out string? message))
            StandardError.Report(message);
    }
}
