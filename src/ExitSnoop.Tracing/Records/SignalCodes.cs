using System.Globalization;

namespace ExitSnoop.Records;

/// <summary>The names of si_code, without the prefix of the signal: include/uapi/asm-generic/siginfo.h.</summary>
internal static class SignalCodes
{
    private static readonly string[] Ill = ["ILLOPC", "ILLOPN", "ILLADR", "ILLTRP", "PRVOPC", "PRVREG", "COPROC", "BADSTK"];
    private static readonly string[] Fpe = ["INTDIV", "INTOVF", "FLTDIV", "FLTOVF", "FLTUND", "FLTRES", "FLTINV", "FLTSUB"];
    private static readonly string[] Segv = ["MAPERR", "ACCERR", "BNDERR", "PKUERR", "ACCADI", "ADIDERR", "ADIPERR", "MTEAERR", "MTESERR", "CPERR"];
    private static readonly string[] Bus = ["ADRALN", "ADRERR", "OBJERR", "MCEERR_AR", "MCEERR_AO"];
    private static readonly string[] Trap = ["BRKPT", "TRACE", "BRANCH", "HWBKPT", "UNK", "PERF"];
    private static readonly string[] Sys = ["SECCOMP", "USER_DISPATCH"];
    private static readonly string[] Poll = ["IN", "OUT", "MSG", "ERR", "PRI", "HUP"];

    internal static string GetName(Signal signal, int code) => code switch
    {
        0 => "USER",
        0x80 => "KERNEL",
        -1 => "QUEUE",
        -2 => "TIMER",
        -3 => "MESGQ",
        -4 => "ASYNCIO",
        -5 => "SIGIO",
        -6 => "TKILL",
        -7 => "DETHREAD",
        -60 => "ASYNCNL",
        > 0 => OfSignal(signal) is { } names && code <= names.Length ? names[code - 1] : Number(code),
        _ => Number(code),
    };

    private static string[]? OfSignal(Signal signal) => signal switch
    {
        Signal.ILL => Ill,
        Signal.FPE => Fpe,
        Signal.SEGV => Segv,
        Signal.BUS => Bus,
        Signal.TRAP => Trap,
        Signal.SYS => Sys,
        Signal.POLL => Poll,
        _ => null,
    };

    private static string Number(int code) => code.ToString(CultureInfo.InvariantCulture);
}
