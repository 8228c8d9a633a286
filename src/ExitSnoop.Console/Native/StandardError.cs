using System.Text;
using ExitSnoop.Linux;

namespace ExitSnoop.Cli.Native;

/// <summary>Standard error without System.Console, whose start-up costs more than all that is written here.</summary>
internal static unsafe class StandardError
{
    private const int Fd = 2;

    /// <summary>A failure to write here is ignored: there is no other place to report it.</summary>
    internal static void WriteLine(string line) => WriteBytes(Encoding.UTF8.GetBytes(line.EndsWith('\n') ? line : line + "\n"));

    /// <summary>Takes no memory.</summary>
    internal static void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
            LibC.write(Fd, start, (nuint)bytes.Length);
    }

    /// <summary>A line that begins with the name of the program, because the other programs of a pipeline write here too.</summary>
    internal static void Report(string message) => WriteLine("exitsnoop: " + message);
}
