using ExitSnoop.Cli.Arguments;
using ExitSnoop.Cli.Native;

namespace ExitSnoop.Cli;

/// <summary>One run that records. It prints only errors and warnings.</summary>
internal static class Recorder
{
    /// <summary>Records until a signal or an option ends the run; returns the exit status.</summary>
    /// <exception cref="ExitRecordingException">The recording cannot be written.</exception>
    /// <exception cref="ExitTraceException">Exits cannot be traced, or the trace had to end.</exception>
    internal static int Run(CommandLine command)
    {
        using Ending ending = new(hangupEnds: false);
        using ExitRecorder recorder = ExitRecorder.Start(command.Trace with { UnwinderProgram = Watch.OwnProgram }, command.Recorder!);
        ending.Attach(recorder.Stop);
        if (command.Verbose)
            StandardError.Report($"recording to {command.Recorder!.Directory}, attached ({recorder.Trace.Attachment}), kernel {recorder.Trace.KernelRelease}");
        while (!recorder.Wait(TimeSpan.Zero))
        {
            recorder.WaitForMessage();
            Report(recorder);
        }
        Report(recorder);
        if (recorder.Failure is ExitTraceException failure)
            throw failure;
        if (recorder.Failure is { } other)
        {
            StandardError.Report("error: " + other.Message);
            return ExitStatus.Software;
        }
        return ExitStatus.Success;
    }

    private static void Report(ExitRecorder recorder)
    {
        while (recorder.TryTakeMessage(out string? message))
            StandardError.Report(message);
    }
}
