namespace ExitSnoop.ModuleTests.Support;

/// <summary>
/// pwsh on a terminal of its own, by script(1). It prints its ID first; what it asks the terminal (where the
/// cursor is) is answered.
/// </summary>
internal sealed partial class TerminalShell : IDisposable
{
    internal const string ControlC = "\u0003";
    private const string WhereIsTheCursor = "\u001b[6n", There = "\u001b[5;1R";

    private readonly Command script;
    private readonly Timer answering;
    private int answered;

    /// <param name="command">What to run, with the module imported.</param>
    /// <param name="stay">Whether the shell goes on after that, for commands typed.</param>
    /// <param name="columns">How wide the terminal is.</param>
    internal TerminalShell(string command, bool stay = false, int columns = 150)
    {
        string program = Need.Program("script");
        string[] arguments = ["-NoLogo", .. stay ? (string[])["-NoExit"] : [], .. Pwsh.Arguments($"Remove-Module PSReadLine -ErrorAction Ignore; \"pid=$PID\"; {command}")];
        string line = $"stty cols {columns} rows 50; exec " + string.Join(' ', arguments.Prepend(Pwsh.Executable).Select(Quote));
        script = Command.Start(program, ["-qec", line, "/dev/null"], null, new Dictionary<string, string?> { ["TERM"] = "xterm-256color", ["LANG"] = "C.UTF-8", ["NO_COLOR"] = null });
        answering = new Timer(_ => Answer(), null, 20, 20);
        Eventually.True(() => ProcessId().IsMatch(Output), () => $"No shell has started: {Output} {script.Error}");
        Id = int.Parse(ProcessId().Match(Output).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    /// <summary>The shell's ID.</summary>
    internal int Id { get; }

    internal string Output => script.Output;

    internal void Type(string text) => script.Write(text);

    internal void WaitForOutput(string text) => script.WaitForOutput(text);

    internal CommandResult Wait() => script.Wait();

    public void Dispose()
    {
        answering.Dispose();
        script.Dispose();
    }

    private void Answer()
    {
        lock (answering)
        {
            int asked = Output.Split(WhereIsTheCursor).Length - 1;
            for (; answered < asked && !script.HasExited; answered++)
                script.Write(There);
        }
    }

    private static string Quote(string word) => $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    [GeneratedRegex(@"pid=(\d+)\r")]
    private static partial Regex ProcessId();
}
