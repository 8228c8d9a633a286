[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

namespace ExitSnoop.Tests;

/// <summary>Runs the tests, or acts as the tracer, crashing program or unprivileged user that a test needs as a separate process.</summary>
internal static class Program
{
    internal static int Main(string[] args) => args switch
    {
        [TraceProgram.Name, .. string[] options] => TraceProgram.Run(options),
        [CommandProgram.Name, string hidden, .. string[] processes] => CommandProgram.Run(bool.Parse(hidden), processes),
        [CrashProgram.Name] => CrashProgram.Run(),
        _ => Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args).GetAwaiter().GetResult(),
    };
}
