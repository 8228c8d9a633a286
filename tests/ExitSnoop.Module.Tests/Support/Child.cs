using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Xunit;

namespace ExitSnoop.ModuleTests.Support;

/// <summary>How a child process ended, and what it wrote.</summary>
internal sealed record ChildResult(int ExitCode, string Output, string Error)
{
    internal string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>For the message of a failed assertion.</summary>
    public override string ToString() => $"exit code {ExitCode}\n--- output\n{Output}\n--- error\n{Error}";
}

/// <summary>A child process with pipes for its three streams. Disposing of it kills it.</summary>
internal sealed partial class Child : IDisposable
{
    internal const int SigInt = 2, SigKill = 9, SigTerm = 15, SigCont = 18, SigStop = 19;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly StringBuilder output = new(), error = new();
    private readonly Process process;
    private readonly Task reading;

    private Child(Process process)
    {
        this.process = process;
        reading = Task.WhenAll(Collect(process.StandardOutput, output), Collect(process.StandardError, error));
    }

    internal int Id => process.Id;

    internal bool HasExited => process.HasExited;

    internal string Output => Text(output);

    internal string Error => Text(error);

    internal static Child Start(string file, IEnumerable<string> arguments, string? folder = null, IReadOnlyDictionary<string, string?>? environment = null)
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
        return new Child(Process.Start(start)!);
    }

    internal static ChildResult Run(string file, IEnumerable<string> arguments, string? folder = null, IReadOnlyDictionary<string, string?>? environment = null)
    {
        using Child child = Start(file, arguments, folder, environment);
        child.CloseInput();
        return child.Wait();
    }

    internal ChildResult Wait(TimeSpan? limit = null)
    {
        if (!process.WaitForExit(limit ?? Patience))
            Assert.Fail($"Process {Id} ({process.StartInfo.FileName}) has not ended.\n--- output\n{Output}\n--- error\n{Error}");
        // A pipe that a grandchild holds open must not hold us.
        reading.Wait(TimeSpan.FromSeconds(5));
        return new ChildResult(process.ExitCode, Output, Error);
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

/// <summary>Waiting for what comes soon, without saying exactly when.</summary>
internal static class Eventually
{
    internal static void True(Func<bool> condition, Func<string> otherwise, TimeSpan? limit = null)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(start) > (limit ?? TimeSpan.FromSeconds(20)))
                Assert.Fail(otherwise());
            Thread.Sleep(5);
        }
    }

    internal static void True(Func<bool> condition, string otherwise) => True(condition, () => otherwise);
}

/// <summary>Numbers for command lines.</summary>
internal static class Invariant
{
    internal static string Text(this int number) => number.ToString(CultureInfo.InvariantCulture);
}
