using System.ComponentModel;
using System.Runtime.InteropServices;
using ExitSnoop.Bpf;

namespace ExitSnoop.Crash;

/// <summary>The BPF programs that capture crashes (bpf/crash.bpf.c), loaded and attached. To dispose of it detaches and unloads them.</summary>
internal sealed class CrashProgram : IDisposable
{
    /// <summary>As in the object.</summary>
    private const int RingSize = 1 << 22;

    private const string AtExit = "crashed_thread_exit";

    private readonly BpfObject bpf;
    private readonly List<BpfLink> links = [];

    private CrashProgram(BpfObject bpf) => this.bpf = bpf;

    /// <summary>Where its records come from.</summary>
    internal RingBuffer Ring { get; private set; } = null!;

    /// <summary>
    /// Loads and attaches, before the programs that report exits, so that a crash is recorded before its exit.
    /// </summary>
    /// <param name="btfPath">A file with the kernel's type information, null for the kernel's own.</param>
    /// <param name="log">Receives libbpf's messages.</param>
    /// <returns>Null where the kernel or libbpf refused: exits can be traced all the same.</returns>
    internal static CrashProgram? TryStart(string? btfPath = null, Action<string>? log = null)
    {
        try
        {
            LibBpf.Load();
        }
        catch (LibBpfException)
        {
            // Said by whoever loads the programs that report exits.
            return null;
        }
        using LibBpfMessages messages = LibBpfMessages.Collect(log);
        foreach (string hook in Hooks())
        {
            try
            {
                return Start(btfPath, hook);
            }
            catch (Win32Exception)
            {
                // The next.
            }
        }
        return null;
    }

    /// <summary>
    /// The programs that can capture a crash here, the best first. Only a crash passes where a core would be dumped, so that
    /// costs other exits nothing; but it takes fentry, which a kernel without kprobes has not either. That both are tried
    /// makes the release and the kprobes no more than a guess at the order.
    /// </summary>
    private static IEnumerable<string> Hooks()
    {
        Version release = Environment.OSVersion.Version;
        string coreDump = release >= new Version(6, 17) ? "vfs_core_dump" : "core_dump";
        string[] hooks = release >= new Version(6, 16) ? [coreDump, AtExit] : [coreDump];
        return Directory.Exists("/sys/bus/event_source/devices/kprobe") ? hooks : hooks.Reverse();
    }

    private static CrashProgram Start(string? btfPath, string hook)
    {
        string[] programs = ["signal_deliver", hook];
        CrashProgram program = new(BpfObject.Open(EmbeddedObject.Read("crash.bpf.o"), "exitsnoop_crash", btfPath));
        try
        {
            program.bpf.SelectPrograms(programs);
            program.bpf.Section<CrashConfig>(".rodata") = new CrashConfig
            {
                PidNamespace = ExitProgram.OwnPidNamespace,
                AtExit = hook == AtExit ? (byte)1 : (byte)0,
            };
            program.bpf.Load();
            program.Ring = new RingBuffer(program.bpf.MapFd("crashes"), RingSize);
            foreach (string name in programs)
                program.links.Add(program.bpf.Attach(name));
            return program;
        }
        catch
        {
            program.Dispose();
            throw;
        }
    }

    /// <summary>Detaches at once; what was sent can still be read.</summary>
    internal void Detach()
    {
        foreach (BpfLink link in links)
            link.Dispose();
    }

    public void Dispose()
    {
        Detach();
        Ring?.Dispose();
        bpf.Dispose();
    }

    /// <summary>struct crash_config of bpf/crash.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct CrashConfig
    {
        public uint PidNamespace;
        public byte AtExit;
        private readonly byte reserved1, reserved2, reserved3;
    }
}
