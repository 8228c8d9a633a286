using System.Runtime.InteropServices;
using System.Text;
using ExitSnoop.Linux;

namespace ExitSnoop.Bpf;

/// <summary>
/// Collects libbpf's messages, which would otherwise go to stderr. libbpf has one receiver for the whole
/// process, but calls it on the thread that called libbpf, so each thread collects its own.
/// </summary>
internal sealed unsafe class LibBpfMessages : IDisposable
{
    private const int Warning = 0;
    private const int VerifierLogBytes = 1 << 20;

    [ThreadStatic]
    private static LibBpfMessages? current;

    private readonly Action<string>? log;
    private readonly StringBuilder warnings = new();

    private LibBpfMessages(Action<string>? log) => this.log = log;

    /// <summary>libbpf's warnings since <see cref="Collect"/>, including the verifier's log.</summary>
    internal string Warnings => warnings.ToString();

    /// <summary>Collects the messages of this thread until it is disposed. Messages of all levels also go to <paramref name="log"/>.</summary>
    internal static LibBpfMessages Collect(Action<string>? log)
    {
        LibBpf.libbpf_set_print(&Receive);
        return current = new LibBpfMessages(log);
    }

    public void Dispose() => current = null;

    [UnmanagedCallersOnly]
    private static int Receive(int level, byte* format, nint arguments)
    {
        LibBpfMessages? here = current;
        if (here is null || (level != Warning && here.log is null))
            return 0;
        try
        {
            byte[] text = GC.AllocateUninitializedArray<byte>(level == Warning ? VerifierLogBytes : 4096);
            fixed (byte* start = text)
            {
                // A va_list is passed by reference on x86-64 and on arm64, so its address can be passed on.
                int size = Math.Min(LibC.vsnprintf(start, (nuint)text.Length, format, arguments), text.Length - 1);
                string message = Encoding.UTF8.GetString(text, 0, Math.Max(size, 0)).TrimEnd();
                here.log?.Invoke(message);
                if (level == Warning)
                    here.warnings.AppendLine(message);
            }
        }
#pragma warning disable CA1031 // An exception must not pass through native code. Here only a message is lost.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
        return 0;
    }
}
