using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace ExitSnoop.Commands.Completion;

/// <summary>Completes exit codes with a common meaning, by number or name.</summary>
internal sealed class ExitCodeCompleter : IArgumentCompleter
{
    // For a command that one of these signals ended, a shell reports 128 plus the number of the signal.
    private static readonly Signal[] Passed = [Signal.HUP, Signal.INT, Signal.ABRT, Signal.KILL, Signal.SEGV, Signal.PIPE, Signal.TERM];

    private static readonly (int Code, string Name, string Meaning)[] Codes =
    [
        (0, "success", "no error"),
        (1, "failure", "most programs exit with this for any failure"),
        (2, "misuse", "wrong options or syntax, for shells and GNU programs"),

        // sysexits.h
        (64, "EX_USAGE", "wrong use of the command"),
        (65, "EX_DATAERR", "the input was wrong"),
        (66, "EX_NOINPUT", "an input file is missing or unreadable"),
        (67, "EX_NOUSER", "no such user"),
        (68, "EX_NOHOST", "no such host"),
        (69, "EX_UNAVAILABLE", "a service it needs is not available"),
        (70, "EX_SOFTWARE", "an error inside the program"),
        (71, "EX_OSERR", "an error of the operating system: no fork, no pipe"),
        (72, "EX_OSFILE", "a file of the system is missing or wrong"),
        (73, "EX_CANTCREAT", "an output file cannot be made"),
        (74, "EX_IOERR", "an error of input or output"),
        (75, "EX_TEMPFAIL", "temporary failure; try again"),
        (76, "EX_PROTOCOL", "the other side broke the protocol"),
        (77, "EX_NOPERM", "permission denied"),
        (78, "EX_CONFIG", "an error in the configuration"),

        (124, "timeout", "timeout(1) ended its command"),
        (125, "runner failed", "timeout, env, nohup or docker run failed itself, before its command"),
        (126, "not executable", "a shell found the command and could not execute it"),
        (127, "not found", "a shell did not find the command, or a library is missing"),
        .. Passed.Select(signal => (
            128 + (int)signal,
            $"{SignalNames.GetName(signal)}, or passed on",
            $"128 + {(int)signal}: {SignalNames.GetName(signal)} ended it, or the command of a shell or container runtime that passes this on")),
        (255, "exit(-1)", "what exit(-1) becomes; ssh: the connection failed"),
    ];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        CompletionWord word = new(wordToComplete);
        foreach ((int code, string name, string meaning) in Codes)
        {
            string number = code.ToString(CultureInfo.InvariantCulture);
            if (word.Fits(number) || word.Fits(name))
                yield return word.Offer(number, $"{number} - {name}", $"{name}: {meaning}");
        }
    }
}
