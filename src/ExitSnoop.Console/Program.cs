using ExitSnoop.Cli.Arguments;
using ExitSnoop.Cli.Native;
using ExitSnoop.Cli.Output;
using ExitSnoop.Crash.Unwinding;

namespace ExitSnoop.Cli;

/// <summary>The entry point of the program.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        try
        {
            return Run(args);
        }
        catch (OutOfMemoryException)
        {
            StandardError.WriteBytes("exitsnoop: error: out of memory. Raise the limit (ulimit -v, or the memory limit of the cgroup)\n"u8);
            return ExitStatus.Software;
        }
    }

    private static int Run(string[] args)
    {
        if (args is [UnwinderServer.Argument or UnwinderServer.ConfinedArgument])
            return UnwinderServer.Run(args[0]);
        ProcessSignals.IgnoreBrokenPipes();
        CommandLine command;
        try
        {
            command = CommandLine.Read(args);
        }
        catch (UsageException e)
        {
            StandardError.WriteLine(UsageText.Usage);
            StandardError.Report("error: " + DisplayText.Escape(e.Message));
            return ExitStatus.Usage;
        }

        return command.Mode switch
        {
            RunMode.Help => Print(UsageText.Help),
            RunMode.Version => Print(UsageText.Version),
            RunMode.ProgramSource => Print(ExitProgramSource.GetText(command.Trace, "exitsnoop " + string.Join(' ', args))),
            _ => Run(command),
        };
    }

    private static int Run(CommandLine command)
    {
        if (!StandardOutput.IsOpen && command.Mode != RunMode.Record && command.View != View.None)
        {
            StandardError.Report("standard output is closed");
            return ExitStatus.OutputError;
        }

        if (command.Timespec)
            StandardError.Report("--timespec is not needed: the kernel's type information says how it stores times");

        try
        {
            return command.Mode switch
            {
                RunMode.Record => Recorder.Run(command),
                RunMode.Read => new History(command).Run(),
                _ => new Watch(command).Run(),
            };
        }
        catch (ExitRecordingException e)
        {
            StandardError.Report("error: " + e.Message);
            return e.Error switch
            {
                ExitRecordingError.NoPermission => ExitStatus.NoPermission,
                ExitRecordingError.InvalidOption => ExitStatus.Usage,
                ExitRecordingError.NotFound => ExitStatus.NoInput,
                ExitRecordingError.NotARecording or ExitRecordingError.UnknownVersion => ExitStatus.DataError,
                _ => ExitStatus.CannotCreate,
            };
        }
        catch (ExitTraceException e)
        {
            StandardError.Report("error: " + e.Message);
            return e.Error switch
            {
                ExitTraceError.NoPrivilege => ExitStatus.NoPermission,
                ExitTraceError.InvalidOption => ExitStatus.Usage,
                ExitTraceError.CannotWrite => ExitStatus.CannotCreate,
                _ => ExitStatus.Software,
            };
        }
    }

    private static int Print(string text)
    {
        try
        {
            OutputBuffer output = new();
            output.Append(text.TrimEnd('\n'));
            output.EndLine();
            output.Flush();
            return ExitStatus.Success;
        }
        catch (OutputException e)
        {
            if (e.IsClosed)
                return ExitStatus.Success;
            StandardError.Report("cannot write to standard output: " + e.Message);
            return ExitStatus.OutputError;
        }
    }
}
