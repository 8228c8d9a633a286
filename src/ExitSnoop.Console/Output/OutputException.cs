using System.Runtime.InteropServices;
using ExitSnoop.Linux;

namespace ExitSnoop.Cli.Output;

/// <summary>Standard output cannot be written.</summary>
internal sealed class OutputException(int error) : Exception(Marshal.GetPInvokeErrorMessage(error))
{
    /// <summary>Whether the reader has closed the pipe, as `head` does. This is not an error.</summary>
    internal bool IsClosed => error is LibC.EPIPE or LibC.ECONNRESET;
}
