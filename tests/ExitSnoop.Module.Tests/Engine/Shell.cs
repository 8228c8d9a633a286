using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using ExitSnoop.ModuleTests.Support;

namespace ExitSnoop.ModuleTests.Engine;

/// <summary>
/// A runspace of its own with the module imported, in this process. No type of PowerShell is in the
/// signatures, so that test classes load where there is no engine, and are skipped.
/// </summary>
internal sealed class Shell : IDisposable
{
    private readonly Hosted hosted;

    private Shell(Hosted hosted) => this.hosted = hosted;

    internal static Shell Open(bool import = true)
    {
        Need.Engine();
        return Create(import);
    }

    /// <summary>Runs a script to its end.</summary>
    internal ShellResult Run(string script, params (string Name, object? Value)[] variables)
    {
        using RunningScript running = Start(script, variables);
        return running.Wait();
    }

    /// <summary>Starts a script, which others then watch, feed and stop.</summary>
    internal RunningScript Start(string script, params (string Name, object? Value)[] variables) =>
        hosted.Start(script, variables);

    /// <summary>Starts a script with a watch in it, and waits until that has attached.</summary>
    internal RunningScript StartWatch(string script, params (string Name, object? Value)[] variables)
    {
        RunningScript running = hosted.Start("$VerbosePreference = 'Continue'; " + script, variables);
        running.WaitUntilAttached();
        return running;
    }

    public void Dispose() => hosted.Dispose();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Shell Create(bool import) => new(new Hosted(import));

    private sealed class Hosted : IDisposable
    {
        private readonly Runspace runspace;

        internal Hosted(bool import)
        {
            InitialSessionState state = InitialSessionState.CreateDefault2();
            runspace = RunspaceFactory.CreateRunspace(state);
            runspace.Open();
            using PowerShell setup = PowerShell.Create();
            setup.Runspace = runspace;
            setup.AddScript("$PSStyle.OutputRendering = 'PlainText'; $ProgressPreference = 'SilentlyContinue'");
            if (import)
                setup.AddScript($"Import-Module '{Paths.Module}'");
            setup.Invoke();
            if (setup.HadErrors)
                throw new InvalidOperationException($"The module cannot be imported: {setup.Streams.Error[0]}");
        }

        internal RunningScript Start(string script, (string Name, object? Value)[] variables)
        {
            foreach ((string name, object? value) in variables)
                runspace.SessionStateProxy.SetVariable(name, value);
            PowerShell shell = PowerShell.Create();
            shell.Runspace = runspace;
            shell.AddScript(script);
            return new RunningScript(new Invocation(shell));
        }

        public void Dispose() => runspace.Dispose();
    }
}
