namespace ExitSnoop.ModuleTests.Support;

/// <summary>A pwsh process, as a user starts it.</summary>
internal static class Pwsh
{
    private static readonly Dictionary<string, string?> Plain = new()
    {
        ["NO_COLOR"] = "1",
        ["LANG"] = "C.UTF-8",
    };

    internal static string Executable => PinnedPowerShell.Executable;

    /// <summary>The arguments that import the module and run a command.</summary>
    internal static string[] Arguments(string command, string? module = null) =>
        ["-NoProfile", "-Command", $"Import-Module '{module ?? Paths.Module}'; {command}"];

    internal static Dictionary<string, string?> Environment(params (string Name, string? Value)[] variables)
    {
        Dictionary<string, string?> all = new(Plain);
        foreach ((string name, string? value) in variables)
            all[name] = value;
        return all;
    }

    /// <summary>Starts a command. Nothing is coloured.</summary>
    internal static Command Start(string command, string? folder = null, params (string Name, string? Value)[] variables)
    {
        return Command.Start(Executable, Arguments(command), folder, Environment(variables));
    }

    /// <summary>Runs a command to its end.</summary>
    internal static CommandResult Run(string command, string? folder = null, params (string Name, string? Value)[] variables)
    {
        using Command child = Start(command, folder, variables);
        child.CloseInput();
        return child.Wait();
    }

    /// <summary>Starts a command with a watch in it, and waits until that has attached.</summary>
    internal static Command StartWatch(string command, string? folder = null, params (string Name, string? Value)[] variables)
    {
        Need.Kernel();
        Command child = Start("$VerbosePreference = 'Continue'; " + command, folder, variables);
        child.WaitForOutput("attached by");
        return child;
    }
}
