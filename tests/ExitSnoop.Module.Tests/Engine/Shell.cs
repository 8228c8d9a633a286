using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace ExitSnoop.ModuleTests.Engine;

/// <summary>
/// A runspace of its own with the module imported, in this process.
/// </summary>
internal sealed class Shell : IDisposable
{
    private static readonly Lazy<Shell> OneForMany = new(() => new Shell(import: true));

    private readonly Runspace runspace;

    private Shell(bool import)
    {
        runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
        runspace.Open();
        using PowerShell setup = PowerShell.Create();
        setup.Runspace = runspace;
        setup.AddScript("$PSStyle.OutputRendering = 'PlainText'; $ProgressPreference = 'SilentlyContinue'");
        setup.AddScript($"$env:PSModulePath += ':{PinnedPowerShell.Modules}'");
        if (import)
            setup.AddScript($"Import-Module '{Paths.Module}'");
        setup.Invoke();
        if (setup.HadErrors)
            throw new InvalidOperationException($"The module cannot be imported: {setup.Streams.Error[0]}");
    }

    internal static Shell Open(bool import = true) => new(import);

    /// <summary>A shell for all tests that leave nothing in it. It is not disposed.</summary>
    internal static Shell Shared => OneForMany.Value;

    /// <summary>Runs a script to its end.</summary>
    internal ShellResult Run(string script, params (string Name, object? Value)[] variables)
    {
        using RunningScript running = Start(script, variables);
        return running.Wait();
    }

    /// <summary>Starts a script, which the test can watch, feed and stop.</summary>
    internal RunningScript Start(string script, params (string Name, object? Value)[] variables)
    {
        foreach ((string name, object? value) in variables)
            runspace.SessionStateProxy.SetVariable(name, value);
        PowerShell shell = PowerShell.Create();
        shell.Runspace = runspace;
        shell.AddScript(script);
        return new RunningScript(new Invocation(shell));
    }

    /// <summary>Starts a script with a watch in it, and waits until that has attached.</summary>
    internal RunningScript StartWatch(string script, params (string Name, object? Value)[] variables)
    {
        Need.Kernel();
        RunningScript running = Start("$VerbosePreference = 'Continue'; " + script, variables);
        running.WaitUntilAttached();
        return running;
    }

    public void Dispose() => runspace.Dispose();
}
