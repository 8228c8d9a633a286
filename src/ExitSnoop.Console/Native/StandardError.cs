using System.Text;
using ExitSnoop.Linux;

namespace ExitSnoop.Cli.Native;

/// <summary>Writes to standard error without System.Console, whose initialization takes longer than all that is written here.</summary>
internal static unsafe class StandardError
{
    private const int Fd = 2;

    /// <summary>Writes a line. Errors are ignored, because there is no other place to report them.</summary>
    internal static void WriteLine(string line) => WriteBytes(Encoding.UTF8.GetBytes(line.EndsWith('\n') ? line : line + "\n"));

    /// <summary>Writes bytes without allocating memory.</summary>
    internal static void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
            LibC.write(Fd, start, (nuint)bytes.Length);
    }

    /// <summary>Writes a line that begins with the name of the program, because other programs of a pipeline also write to standard error.</summary>
    internal static void Report(string message) => WriteLine("exitsnoop: " + message);
}
