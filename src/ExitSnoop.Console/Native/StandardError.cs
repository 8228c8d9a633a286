using System.Text;
using ExitSnoop.Linux;

namespace ExitSnoop.Cli.Native;

/// <summary>Standard error without System.Console, whose start-up costs more than all that is written here.</summary>
internal static unsafe class StandardError
{
    private const int Fd = 2;

    /// <summary>Where even this cannot be told, there is nobody left to tell.</summary>
    internal static void WriteLine(string line) => WriteBytes(Encoding.UTF8.GetBytes(line.EndsWith('\n') ? line : line + "\n"));

    /// <summary>Takes no memory.</summary>
    internal static void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
            LibC.write(Fd, start, (nuint)bytes.Length);
    }

    /// <summary>A line that names the program, so that it can be told from its neighbours' in a pipeline.</summary>
    internal static void Report(string message) => WriteLine("exitsnoop: " + message);
}
