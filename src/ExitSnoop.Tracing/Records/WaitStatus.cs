using System.Globalization;

namespace ExitSnoop.Records;

/// <summary>The status that waitpid(2) reports: bits of include/linux/wait.h as WIFEXITED and its kin read them.</summary>
internal readonly record struct WaitStatus(uint Value)
{
    private static readonly string[] Texts = new string[65536];

    internal Signal Signal => (Signal)(Value & 0x7f);

    internal bool CoreDumped => (Value & 0x80) != 0;

    /// <summary>The status given to exit(3), where no signal ended the process.</summary>
    internal int Code => (int)(Value >> 8 & 0xff);

    /// <summary>What a shell's <c>$?</c> shows.</summary>
    internal int ShellCode => Signal == Signal.None ? Code : 128 + (int)Signal;

    internal bool Failed => (Value & 0xffff) != 0;

    /// <summary>The text of the EXIT_CODE column.</summary>
    public override string ToString() => Texts[Value & 0xffff] ??= Describe();

    private string Describe()
    {
        if (Signal == Signal.None)
            return Code == 0 ? "0" : $"code {Code.ToString(CultureInfo.InvariantCulture)}";
        string text = $"signal {((int)Signal).ToString(CultureInfo.InvariantCulture)} ({SignalNames.GetName(Signal)})";
        return CoreDumped ? text + ", core dumped" : text;
    }
}
