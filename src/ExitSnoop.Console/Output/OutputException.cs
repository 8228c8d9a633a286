using System.Runtime.InteropServices;
using ExitSnoop.Linux;

namespace ExitSnoop.Cli.Output;

/// <summary>Standard output takes no more.</summary>
internal sealed class OutputException(int error) : Exception(Marshal.GetPInvokeErrorMessage(error))
{
    /// <summary>The reader has had enough, as `head` has: nothing went wrong.</summary>
    internal bool IsClosed => error is LibC.EPIPE or LibC.ECONNRESET;
}
