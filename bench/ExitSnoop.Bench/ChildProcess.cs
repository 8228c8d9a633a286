using System.Diagnostics;

namespace ExitSnoop.Bench;

/// <summary>
/// A program that the benchmark started, with files (or pipes, or devices) for its output. It is killed when it is disposed
/// and when the benchmark ends.
/// </summary>
internal sealed class ChildProcess : IDisposable
{
    private static readonly TimeSpan InterruptInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly List<ChildProcess> Running = [];

    private readonly Process process;

    private ChildProcess(Process process)
    {
        this.process = process;
        lock (Running)
            Running.Add(this);
    }

    internal int Pid => process.Id;

    internal bool HasExited => process.HasExited;

    internal int ExitCode => process.ExitCode;

    /// <summary>The file that is its standard error.</summary>
    internal required string ErrorFile { get; init; }

    /// <summary>
    /// Starts a program. Must be called on the main thread, because the kernel kills the child when the thread that started
    /// it ends.
    /// </summary>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="output">The file that is its standard output.</param>
    /// <param name="errors">The file that is its standard error.</param>
    /// <param name="input">The file that is its standard input; null for a pipe, see <see cref="CloseInput"/>.</param>
    internal static ChildProcess Start(IEnumerable<string> command, string output, string errors, string? input = null)
    {
        // The shell executes the program with exec, so the program has the process ID of the shell.
        string redirected = "output=$1 errors=$2; shift 2; exec setpriv --pdeathsig KILL \"$@\" >\"$output\" 2>\"$errors\""
            + (input is null ? "" : " <\"$input\"");
        ProcessStartInfo start = new("sh", ["-c", redirected, "sh", output, errors, .. command])
        {
            UseShellExecute = false,
            RedirectStandardInput = input is null,
        };
        if (input is not null)
            start.Environment["input"] = input;
        start.Environment["NO_COLOR"] = "1";
        start.Environment["PYTHONUNBUFFERED"] = "1";
        return new ChildProcess(Process.Start(start)!) { ErrorFile = errors };
    }

    /// <summary>Runs a program to its end and returns its output. Throws if the program fails.</summary>
    internal static string Run(Workspace workspace, params IEnumerable<string> command)
    {
        string output = workspace.NewFile(), errors = workspace.NewFile();
        using ChildProcess child = Start(command, output, errors, "/dev/null");
        child.process.WaitForExit();
        if (child.ExitCode != 0)
            throw new BenchException($"{string.Join(' ', command)}: {File.ReadAllText(errors).Trim()}");
        return File.ReadAllText(output);
    }

    /// <summary>Kills all programs that are still running. Can be called on any thread.</summary>
    internal static void KillAll()
    {
        lock (Running)
            foreach (ChildProcess child in Running)
                if (!child.process.HasExited)
                    _ = LibC.kill(child.Pid, LibC.SIGKILL);
    }

    internal void Signal(int signal) => _ = LibC.kill(Pid, signal);

    /// <summary>Closes its standard input.</summary>
    internal void CloseInput() => process.StandardInput.Close();

    internal bool WaitForExit(TimeSpan timeout) => process.WaitForExit(timeout);

    /// <summary>
    /// Sends SIGINT until it ends, because some programs ignore a SIGINT at certain times. Returns false if it had to be
    /// killed.
    /// </summary>
    internal bool Interrupt()
    {
        long begin = Stopwatch.GetTimestamp();
        while (!process.HasExited)
        {
            if (Stopwatch.GetElapsedTime(begin) > Patience)
            {
                Signal(LibC.SIGKILL);
                process.WaitForExit();
                return false;
            }
            Signal(LibC.SIGINT);
            process.WaitForExit(InterruptInterval);
        }
        return true;
    }

    public void Dispose()
    {
        lock (Running)
            Running.Remove(this);
        if (!process.HasExited)
        {
            Signal(LibC.SIGKILL);
            process.WaitForExit();
        }
        process.Dispose();
    }
}

/// <summary>A measurement cannot be made on this machine. The message says why.</summary>
internal sealed class BenchException(string message) : Exception(message);
