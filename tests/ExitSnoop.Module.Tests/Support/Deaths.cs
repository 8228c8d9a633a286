namespace ExitSnoop.ModuleTests.Support;

/// <summary>Events of two deaths with all that a view or a file can show, watched once for all tests.</summary>
internal static class Deaths
{
    private static readonly Lazy<(ExitEvent Killed, ExitEvent Crashed)> Both = new(Watch);

    /// <summary>Of a victim that slept and that we killed.</summary>
    internal static ExitEvent Killed => Both.Value.Killed;

    /// <summary>Of a victim that crashed at 0x1234.</summary>
    internal static ExitEvent Crashed => Both.Value.Crashed;

    /// <summary>Runs a script in which $exit is the event of the crash, $all are both, and $file is a file of this test.</summary>
    internal static ShellResult Run(string script, Shell? shell = null)
    {
        Need.Kernel();
        using TestFolder folder = new();
        ShellResult result = (shell ?? Shell.Shared).Run(script, ("exit", Crashed), ("all", new[] { Killed, Crashed }), ("file", folder.Path("file")));
        Assert.Empty(result.Errors);
        Assert.Null(result.Terminating);
        return result;
    }

    private static (ExitEvent, ExitEvent) Watch()
    {
        using Victim killed = Victim.Start("sleep", "60"), crashed = Victim.Start("fault", "0x1234");
        using RunningScript watch = Shell.Shared.StartWatch("Watch-ProcessExit $ids", ("ids", new[] { killed.Id, crashed.Id }));
        killed.Signal(Command.SigKill);
        Assert.Equal((137, 139), (killed.Wait(), crashed.Die()));
        IReadOnlyList<ExitEvent> events = watch.Wait().Events;
        return (events.Single(exit => exit.Id == killed.Id), events.Single(exit => exit.Id == crashed.Id));
    }
}
