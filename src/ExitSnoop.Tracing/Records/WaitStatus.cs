using System.Globalization;

namespace ExitSnoop.Records;

/// <summary>
/// The status that waitpid(2) reports, with the bits that WIFEXITED and related macros read. A kernel thread that fails has
/// a negative error number instead (kthread() in kernel/kthread.c); no process waits for it.
/// </summary>
internal readonly record struct WaitStatus(uint Value, bool OfKernelThread = false)
{
    private static readonly string[] Texts = new string[65536];

    /// <summary>The signal that ended the process, or None.</summary>
    internal Signal Signal => IsError ? Signal.None : (Signal)(Value & 0x7f);

    internal bool CoreDumped => !IsError && (Value & 0x80) != 0;

    /// <summary>The code that <c>$?</c> shows in a shell; for a kernel thread that failed, the negative error number.</summary>
    internal int ShellCode => IsError ? (int)Value : Signal == Signal.None ? Code : 128 + (int)Signal;

    internal bool Failed => IsError || (Value & 0xffff) != 0;

    /// <summary>The text of the EXIT_CODE column.</summary>
    public override string ToString() => IsError ? DescribeError() : Texts[Value & 0xffff] ??= Describe();

    private bool IsError => OfKernelThread && (int)Value < 0;

    /// <summary>The status given to exit(3), if no signal ended the process.</summary>
    private int Code => (int)(Value >> 8 & 0xff);

    private string Describe()
    {
        if (Signal == Signal.None)
            return Code == 0 ? "0" : $"code {Code.ToString(CultureInfo.InvariantCulture)}";
        string text = $"signal {((int)Signal).ToString(CultureInfo.InvariantCulture)} ({SignalTable.GetName(Signal)})";
        return CoreDumped ? text + ", core dumped" : text;
    }

    private string DescribeError() =>
        string.Create(CultureInfo.InvariantCulture, $"error {(int)Value} ({ErrorNames.GetName(unchecked(-(int)Value))})");
}
