using System.ComponentModel;

namespace ExitSnoop.Bpf;

/// <summary>The kernel or libbpf refused to load or attach the program.</summary>
/// <param name="refused">errno of the call that failed.</param>
/// <param name="messages">libbpf's warnings, with the verifier's log at the end.</param>
internal sealed class LoadRefusedException(Win32Exception refused, string messages) : Exception(refused.Message, refused)
{
    internal Win32Exception Refused => refused;

    internal string Messages => messages;
}
