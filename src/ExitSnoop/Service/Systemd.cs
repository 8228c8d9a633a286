using System.Diagnostics;

namespace ExitSnoop.Commands.Service;

/// <summary>Controls systemd with systemctl(1).</summary>
internal static class Systemd
{
    /// <summary>The directory that sd_booted(3) checks.</summary>
    private const string Booted = "/run/systemd/system";

    internal static bool IsRunning => Directory.Exists(Booted);

    /// <summary>Runs systemctl.</summary>
    /// <exception cref="ServiceException">systemctl failed. The message contains its output.</exception>
    internal static string Control(params string[] arguments)
    {
        (int exitCode, string output, string error) = Run("systemctl", arguments);
        return exitCode == 0 ? output : throw new ServiceException(ServiceError.SystemdFailed, $"systemctl {string.Join(' ', arguments)} failed: {error.Trim()}");
    }

    /// <summary>The state of a unit and its substate: "active (running)".</summary>
    internal static (string State, string SubState) StateOf(string unit)
    {
        string[] lines = Control("show", "--property=ActiveState,SubState", unit).Split('\n');
        string Value(string name) => Array.Find(lines, line => line.StartsWith(name, StringComparison.Ordinal))?[name.Length..] ?? "";
        return (Value("ActiveState="), Value("SubState="));
    }

    /// <summary>The last messages of a unit; empty if they cannot be read.</summary>
    internal static string LastMessages(string unit) => Run("journalctl", ["--unit", unit, "--lines=3", "--output=cat", "--no-pager", "--quiet"]).Output.Trim();

    private static (int ExitCode, string Output, string Error) Run(string program, string[] arguments)
    {
        // Not from PATH, because the caller can set it.
        string file = Array.Find(["/usr/bin/" + program, "/bin/" + program], File.Exists) ?? program;
        ProcessStartInfo start = new(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
