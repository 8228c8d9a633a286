namespace ExitSnoop.Cli.Tests;

/// <summary>
/// The built program, run as a user would run it: out/exitsnoop of the tree, or what EXITSNOOP_CONSOLE names.
/// </summary>
internal static class ConsoleProgram
{
    /// <summary>The file of the program; skips the test where there is none.</summary>
    internal static string File
    {
        get
        {
            string file = Environment.GetEnvironmentVariable("EXITSNOOP_CONSOLE") is { Length: > 0 } named ? named : Paths.Console;
            Need.Unless(System.IO.File.Exists(file) ? null : $"there is no {file}; a release build makes it");
            return file;
        }
    }

    /// <summary>Starts tracing, and returns when it does.</summary>
    internal static Command Trace(params IEnumerable<string> arguments) => Trace(new Dictionary<string, string?>(), arguments);

    internal static Command Trace(IReadOnlyDictionary<string, string?> environment, params IEnumerable<string> arguments)
    {
        Need.Kernel();
        Command program = Command.Start(File, ["-v", .. arguments], environment: environment);
        program.WaitForError("attached");
        return program;
    }

    /// <summary>Ends a trace by TERM; what it wrote.</summary>
    internal static string Stop(this Command trace)
    {
        trace.Signal(Command.SigTerm);
        CommandResult result = trace.Wait();
        Assert.True(result.ExitCode == 0, $"{result}");
        return result.Output;
    }

    /// <summary>Runs it to its end.</summary>
    internal static CommandResult Run(params IEnumerable<string> arguments) => Command.Run(File, arguments);

    /// <summary>Runs a script with sh, in which $exitsnoop is the program and $victim the test program victim.</summary>
    internal static CommandResult Script(string script) => Command.Run(
        "/bin/sh", ["-c", script], environment: new Dictionary<string, string?> { ["exitsnoop"] = File, ["victim"] = TestProgram.Victim });
}
