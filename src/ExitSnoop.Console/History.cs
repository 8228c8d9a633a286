using ExitSnoop.Cli.Arguments;
using ExitSnoop.Cli.Native;
using ExitSnoop.Cli.Output;

namespace ExitSnoop.Cli;

/// <summary>One run that reads recordings.</summary>
internal sealed class History
{
    private readonly CommandLine command;
    private readonly OutputBuffer output = new();
    private readonly IEventFormat format;

    internal History(CommandLine command)
    {
        this.command = command;
        format = EventFormat.Of(command, output)!;
    }

    /// <summary>Prints the requested exits; returns the exit status.</summary>
    /// <exception cref="ExitRecordingException">There is no recording that can be read.</exception>
    internal int Run()
    {
        ExitRecording recording = ExitRecording.Open(command.Recordings);
        using CancellationTokenSource ended = new();
        using Ending ending = new();
        ending.Attach(ended.Cancel);
        ending.FollowOutput();
        try
        {
            Show(recording, ending, ended.Token);
        }
        catch (OutputException e) when (e.IsClosed)
        {
            return ExitStatus.Success;
        }
        catch (OutputException e)
        {
            StandardError.Report("cannot write to standard output: " + e.Message);
            return ExitStatus.OutputError;
        }
        Report(recording);
        return ExitStatus.Success;
    }

    private void Show(ExitRecording recording, Ending ending, CancellationToken cancellation)
    {
        format.WriteHeader();
        output.Flush();
        try
        {
            foreach (ExitEvent exit in recording.ReadEvents(command.Reading, cancellation))
            {
                Report(recording);
                format.Write(exit);
                if (command.Reading.Follow)
                    output.Flush();
            }
        }
        catch (OperationCanceledException)
        {
            // The terminal has printed ^C, so the prompt should begin on a new line.
            if (ending.Reason == EndReason.Interrupt && (command.View != View.Json || StandardOutput.IsTerminal))
                output.EndLine();
        }
        output.Flush();
    }

    private void Report(ExitRecording recording)
    {
        while (recording.TryTakeFinding(out ExitRecordingFinding? finding))
        {
            // Writes the events before the message, so that the order is right if both go to a terminal.
            output.Flush();
            StandardError.Report(DisplayText.Escape(finding.Message));
        }
    }
}
