namespace ExitSnoop.ModuleTests.Support;

/// <summary>
/// pwsh as the user nobody, with the capabilities that a test gives it and no others, on a copy of the module
/// that nobody can read.
/// </summary>
internal sealed class UnprivilegedShell : IDisposable
{
    private const string User = "65534";

    private readonly string setpriv;
    private readonly string pwsh;
    private readonly TestFolder folder = new();
    private readonly string module;

    internal UnprivilegedShell()
    {
        Need.Root();
        setpriv = Need.Program("setpriv");
        module = folder.CopyModule();
        pwsh = Pwsh.Executable;
        if (Command.Run(setpriv, [.. Identity(""), "test", "-x", pwsh, "-a", "-r", Resolve(pwsh)]).ExitCode != 0)
            pwsh = CopyPwsh();
    }

    /// <param name="command">What to run, with the module imported.</param>
    /// <param name="capabilities">As setpriv takes them: "+bpf,+perfmon".</param>
    /// <param name="variables">Beside those that make the output plain.</param>
    internal CommandResult Run(string command, string capabilities, params (string Name, string? Value)[] variables) => Command.Run(
        setpriv,
        [.. Identity(capabilities), pwsh, .. Pwsh.Arguments(command, module)],
        folder.FullName,
        Pwsh.Environment([("HOME", "/nonexistent"), .. variables]));

    public void Dispose() => folder.Dispose();

    private static string[] Identity(string capabilities) =>
    [
        $"--reuid={User}", $"--regid={User}", "--clear-groups", $"--inh-caps={All(capabilities)}", $"--ambient-caps={All(capabilities)}", $"--bounding-set={All(capabilities)}",
    ];

    private static string All(string capabilities) => capabilities.Length == 0 ? "-all" : $"-all,{capabilities}";

    private static string Resolve(string file) => new FileInfo(file).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? file;

    // One that was installed into a home folder, which is closed to others.
    private string CopyPwsh()
    {
        string copy = folder.Path("pwsh");
        Command.Run("cp", ["-r", PinnedPowerShell.Folder, copy]);
        Command.Run("chmod", ["-R", "a+rX", copy]);
        return Path.Combine(copy, "pwsh");
    }
}
