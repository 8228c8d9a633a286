using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace ExitSnoop.Testing;

/// <summary>How a program ended, and what it wrote.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Error)
{
    internal string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>For the message of a failed assertion.</summary>
    public override string ToString() => $"exit code {ExitCode}\n--- output\n{Output}\n--- error\n{Error}";
}

/// <summary>A program as a user runs it: it has pipes for its three streams, and what it writes is collected while it runs. Disposing of it kills it.</summary>
internal sealed partial class Command : IDisposable
{
    internal const int SigInt = 2, SigKill = 9, SigTerm = 15, SigCont = 18, SigStop = 19;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly StringBuilder output = new(), error = new();
    private readonly Process process;
    private readonly Task reading;

    private Command(Process process)
    {
        this.process = process;
        reading = Task.WhenAll(Collect(process.StandardOutput, output), Collect(process.StandardError, error));
    }

    internal int Id => process.Id;

    internal bool HasExited => process.HasExited;

    internal string Output => Text(output);

    internal string Error => Text(error);

    internal static Command Start(string file, IEnumerable<string> arguments, string? folder = null, IReadOnlyDictionary<string, string?>? environment = null)
    {
        ProcessStartInfo start = new(file, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            WorkingDirectory = folder ?? "",
        };
        foreach ((string name, string? value) in environment ?? new Dictionary<string, string?>())
            start.Environment[name] = value;
        return new Command(Process.Start(start)!);
    }

    internal static CommandResult Run(string file, IEnumerable<string> arguments, string? folder = null, IReadOnlyDictionary<string, string?>? environment = null)
    {
        using Command child = Start(file, arguments, folder, environment);
        child.CloseInput();
        return child.Wait();
    }

    internal CommandResult Wait(TimeSpan? limit = null)
    {
        if (!process.WaitForExit(limit ?? Patience))
            Assert.Fail($"Process {Id} ({process.StartInfo.FileName}) has not ended.\n--- output\n{Output}\n--- error\n{Error}");
        // A pipe that a grandchild holds open must not hold us.
        reading.Wait(TimeSpan.FromSeconds(5));
        return new CommandResult(process.ExitCode, Output, Error);
    }

    internal void WaitForOutput(string text) =>
        Eventually.True(() => Output.Contains(text, StringComparison.Ordinal), () => $"'{text}' was not printed.\n--- output\n{Output}\n--- error\n{Error}");

    internal void Write(string text)
    {
        process.StandardInput.Write(text);
        process.StandardInput.Flush();
    }

    internal void CloseInput() => process.StandardInput.Close();

    internal void Signal(int signal) => Send(Id, signal);

    internal static void Send(int id, int signal) => Assert.Equal(0, kill(id, signal));

    public void Dispose()
    {
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        process.WaitForExit(Patience);
        process.Dispose();
    }

    private static async Task Collect(StreamReader from, StringBuilder to)
    {
        char[] buffer = new char[4096];
        int read;
        while ((read = await from.ReadAsync(buffer).ConfigureAwait(false)) > 0)
            lock (to)
                to.Append(buffer, 0, read);
    }

    private static string Text(StringBuilder builder)
    {
        lock (builder)
            return builder.ToString();
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int id, int signal);
}
