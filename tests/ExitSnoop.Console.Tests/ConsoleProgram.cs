using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace ExitSnoop.Cli.Tests;

/// <summary>
/// The built program, run as a user would run it: out/exitsnoop of the tree, or what EXITSNOOP_CONSOLE names.
/// </summary>
internal sealed partial class ConsoleProgram : IDisposable
{
    internal const int SIGHUP = 1, SIGINT = 2, SIGTERM = 15, SIGCONT = 18, SIGSTOP = 19;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly StringBuilder errors = new();
    private readonly Task<string> output;

    private ConsoleProgram(Process process)
    {
        this.process = process;
        process.ErrorDataReceived += (_, line) =>
        {
            lock (errors)
            {
                // Null says that there is no more.
                if (line.Data is not null)
                    errors.Append(line.Data).Append('\n');
                Monitor.PulseAll(errors);
            }
        };
        process.Start();
        process.BeginErrorReadLine();
        output = process.StandardOutput.ReadToEndAsync();
    }

    /// <summary>The file of the program; skips the test where there is none.</summary>
    internal static string File
    {
        get
        {
            string file = Environment.GetEnvironmentVariable("EXITSNOOP_CONSOLE") is { Length: > 0 } named ? named : Path.Combine(Paths.Out, "exitsnoop");
            Need.Unless(System.IO.File.Exists(file) ? null : $"there is no {file}; a release build makes it");
            return file;
        }
    }

    internal int Id => process.Id;

    internal string Errors
    {
        get
        {
            lock (errors)
                return errors.ToString();
        }
    }

    /// <summary>Skips the test, with the program's own reason, where it cannot trace.</summary>
    internal static void RequireTracing()
    {
        (int status, _, string message) = Run(File, "--timeout", "0");
        Need.Unless(status is 70 or 77 ? message : null);
        Assert.True(status == 0, $"status {status}: {message}");
    }

    /// <summary>Starts tracing, and returns when it does.</summary>
    internal static ConsoleProgram Trace(params string[] arguments)
    {
        RequireTracing();
        ConsoleProgram program = new(Prepare(File, ["-v", .. arguments]));
        program.WaitForError("attached");
        return program;
    }

    internal static (int Status, string Output, string Errors) Run(string file, params string[] arguments) => Run(file, arguments, null);

    /// <summary>Runs a program to its end.</summary>
    internal static (int Status, string Output, string Errors) Run(string file, string[] arguments, Dictionary<string, string>? environment)
    {
        Process process = Prepare(file, arguments);
        foreach ((string name, string value) in environment ?? [])
            process.StartInfo.Environment[name] = value;
        using ConsoleProgram program = new(process);
        return program.Wait();
    }

    /// <summary>A script for sh, in which $exitsnoop is the program, $victim and $scenario those that die.</summary>
    internal static (int Status, string Output, string Errors) Script(string script) => Run(
        "/bin/sh",
        ["-c", script],
        new() { ["exitsnoop"] = File, ["victim"] = TestProgram.Victim, ["scenario"] = TestProgram.Scenario });

    internal void WaitForError(string text)
    {
        long deadline = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        lock (errors)
        {
            while (!errors.ToString().Contains(text, StringComparison.Ordinal))
            {
                Assert.False(process.HasExited, errors.ToString());
                Assert.True(Environment.TickCount64 < deadline, errors.ToString());
                Monitor.Wait(errors, 100);
            }
        }
    }

    internal void Kill(int signal) => Assert.Equal(0, kill(process.Id, signal));

    /// <summary>Ends the trace; what it wrote.</summary>
    internal string Stop()
    {
        Kill(SIGTERM);
        (int status, string text, string message) = Wait();
        Assert.True(status == 0, $"status {status}: {message}");
        return text;
    }

    internal (int Status, string Output, string Errors) Wait()
    {
        Assert.True(process.WaitForExit(Patience), "it does not end");
        Assert.True(output.Wait(Patience), "its output does not end");
        process.WaitForExit();
        return (process.ExitCode, output.Result, Errors);
    }

    public void Dispose()
    {
        if (!process.HasExited)
            process.Kill();
        process.Dispose();
    }

    private static Process Prepare(string file, string[] arguments) => new()
    {
        StartInfo = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = new UTF8Encoding(false),
        },
    };

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}
