using System.Globalization;

namespace ExitSnoop.Records;

/// <summary>The names of signals by number, as bash's <c>kill -l</c> shows them.</summary>
internal static class SignalTable
{
    private const int Last = (int)Signal.RTMAX;

    /// <summary>
    /// The signals whose default action is a core dump (signal(7)): faults, ABRT, QUIT, SYS and exceeded limits.
    /// SIG_KERNEL_COREDUMP_MASK of include/linux/signal.h.
    /// </summary>
    internal static readonly Signal[] CoreDumping =
        [Signal.QUIT, Signal.ILL, Signal.TRAP, Signal.ABRT, Signal.BUS, Signal.FPE, Signal.SEGV, Signal.XCPU, Signal.XFSZ, Signal.SYS];

    /// <summary>The names from "", for <see cref="Signal.None"/>, to "RTMAX".</summary>
    internal static readonly string[] Names = [.. Enumerable.Range(0, Last + 1).Select(Name)];

    /// <summary>
    /// "SEGV", "RTMIN+1", "RTMAX-14"; the number for 32, 33 and anything that is not a signal; "" for <see cref="Signal.None"/>.
    /// </summary>
    internal static string GetName(Signal signal) =>
        (uint)signal <= Last ? Names[(int)signal] : ((int)signal).ToString(CultureInfo.InvariantCulture);

    private static string Name(int number) => (Signal)number switch
    {
        Signal.None => "",
        Signal.SIG32 or Signal.SIG33 => number.ToString(CultureInfo.InvariantCulture),
        > Signal.RTMIN and < Signal.RTMAX_14 => $"RTMIN+{number - (int)Signal.RTMIN}",
        >= Signal.RTMAX_14 and < Signal.RTMAX => $"RTMAX-{Last - number}",
        Signal signal => signal.ToString(),
    };
}
