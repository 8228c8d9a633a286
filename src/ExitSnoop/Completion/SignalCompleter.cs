using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace ExitSnoop.Commands.Completion;

/// <summary>Completes the signals that can end a process, by name with or without SIG, or by number.</summary>
internal sealed class SignalCompleter : IArgumentCompleter
{
    private const string Prefix = "SIG";

    // Without the signals that stop or continue a process or are ignored, because they do not end a process.
    private static readonly (Signal Signal, string Meaning)[] Signals =
    [
        (Signal.SEGV, "accessed memory that is not there or not allowed; core"),
        (Signal.ABRT, "ended itself: abort(3), a failed assertion, an uncaught exception; core"),
        (Signal.KILL, "cannot be handled: kill -9, the end of a container, the OOM killer"),
        (Signal.TERM, "a request to end: kill, systemctl stop, shutdown"),
        (Signal.INT, "interrupted from the keyboard: Ctrl+C"),
        (Signal.BUS, "accessed memory that has no file or device behind it, or unaligned; core"),
        (Signal.FPE, "divided by zero, or another error of arithmetic; core"),
        (Signal.ILL, "ran an instruction that the processor does not have; core"),
        (Signal.TRAP, "reached a breakpoint without a debugger; core"),
        (Signal.SYS, "made a system call that does not exist or that seccomp forbids; core"),
        (Signal.QUIT, "quit from the keyboard: Ctrl+\\; core"),
        (Signal.HUP, "lost its terminal"),
        (Signal.PIPE, "wrote to a pipe or socket that nobody reads any more"),
        (Signal.ALRM, "a timer of alarm(2) ran out"),
        (Signal.XCPU, "used more processor time than its limit (ulimit -t); core"),
        (Signal.XFSZ, "wrote a file beyond its limit (ulimit -f); core"),
        (Signal.USR1, "for the use of programs; without a handler it ends the process"),
        (Signal.USR2, "for the use of programs; without a handler it ends the process"),
        (Signal.VTALRM, "a timer of its processor time ran out"),
        (Signal.PROF, "a profiling timer ran out"),
        (Signal.POLL, "input or output became possible"),
        (Signal.PWR, "power failure"),
        (Signal.STKFLT, "a fault of the coprocessor's stack; no kernel sends it"),
        .. Enumerable.Range((int)Signal.RTMIN, Signal.RTMAX - Signal.RTMIN + 1)
            .Select(number => ((Signal)number, "a real-time signal, for the use of programs")),
    ];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        CompletionWord word = new(wordToComplete);
        bool prefixed = word.Text.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);
        foreach ((Signal signal, string meaning) in Signals)
        {
            // Hardly any program uses these signals, so they are offered only if something was typed.
            if (signal is > Signal.RTMIN and < Signal.RTMAX && word.Text.Length == 0)
                continue;
            string name = (prefixed ? Prefix : "") + SignalNames.GetName(signal);
            string number = ((int)signal).ToString(CultureInfo.InvariantCulture);
            if (word.Fits(name) || word.Fits(number))
                yield return word.Offer(name, name, $"{number}: {meaning}");
        }
    }
}
