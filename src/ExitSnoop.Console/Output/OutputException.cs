using System.Runtime.InteropServices;
using ExitSnoop.Linux;

namespace ExitSnoop.Cli.Output;

/// <summary>Standard output cannot be written any more.</summary>
internal sealed class OutputException(int error) : Exception(Marshal.GetPInvokeErrorMessage(error))
{
    /// <summary>The reader has closed the pipe, as `head` does: this is not an error.</summary>
    internal bool IsClosed => error is LibC.EPIPE or LibC.ECONNRESET;
}
