[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

namespace ExitSnoop.Tests;

/// <summary>Runs the tests; or, for a test that needs a tracer, a crash or a user in a process of its own, is that.</summary>
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
