[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

namespace ExitSnoop.Tests;

/// <summary>Runs the tests; or, for a test that needs a tracer in a process of its own, is that tracer.</summary>
internal static class Program
{
    internal static int Main(string[] args) =>
        args is [TraceProgram.Name, ..] ? TraceProgram.Run(args[1..]) : Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args).GetAwaiter().GetResult();
}
