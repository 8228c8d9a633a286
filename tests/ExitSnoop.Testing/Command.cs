using System.Text;

namespace ExitSnoop.Testing;

/// <summary>How a program ended, and what it wrote.</summary>
/// <param name="ExitCode">As a shell shows it: 128 and the signal for one that a signal killed.</param>
/// <param name="Output">All of its standard output.</param>
/// <param name="Error">All of its standard error.</param>
internal sealed record CommandResult(int ExitCode, string Output, string Error)
{
    internal string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>For the message of a failed assertion.</summary>
    public override string ToString() => $"exit code {ExitCode}\n--- output\n{Output}\n--- error\n{Error}";
}

/// <summary>A program as a user runs it: what it writes is collected while it runs. Disposing of it kills it.</summary>
internal sealed class Command : IDisposable
{
    internal const int SigHup = 1, SigInt = 2, SigKill = 9, SigTerm = 15, SigCont = 18, SigStop = 19;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly StringBuilder output = new(), error = new();
    private readonly Child child;
    private readonly string file;
    private readonly Task reading;

    private Command(Child child, string file)
    {
        this.child = child;
        this.file = file;
        reading = Task.WhenAll(Collect(child.Output, output), Collect(child.Errors, error));
    }

    internal int Id => child.Id;

    internal bool HasExited => child.Dies(TimeSpan.Zero);

    internal string Output => Text(output);

    internal string Error => Text(error);

    internal static Command Start(string file, IEnumerable<string> arguments, string? folder = null, IReadOnlyDictionary<string, string?>? environment = null) =>
        new(Child.Start(file, arguments.Select(Encoding.UTF8.GetBytes), environment, folder), file);

    internal static CommandResult Run(string file, IEnumerable<string> arguments, string? folder = null, IReadOnlyDictionary<string, string?>? environment = null)
    {
        using Command command = Start(file, arguments, folder, environment);
        command.CloseInput();
        return command.Wait();
    }

    internal CommandResult Wait(TimeSpan? limit = null)
    {
        if (!child.Dies(limit ?? Patience))
            Assert.Fail($"Process {Id} ({file}) has not ended.\n--- output\n{Output}\n--- error\n{Error}");
        // A grandchild may have the pipe open, so the wait is limited.
        reading.Wait(TimeSpan.FromSeconds(5));
        int status = child.Wait().Status, signal = status & 0x7f;
        return new CommandResult(signal == 0 ? status >> 8 : 128 + signal, Output, Error);
    }

    internal void WaitForOutput(string text) => WaitFor(text, output);

    internal void WaitForError(string text) => WaitFor(text, error);

    internal void Write(string text) => child.Write(text);

    internal void CloseInput() => child.CloseInput();

    internal void Signal(int signal) => child.Kill((Signal)signal);

    public void Dispose() => child.Dispose();

    private void WaitFor(string text, StringBuilder where)
    {
        bool Printed() => Text(where).Contains(text, StringComparison.Ordinal);
        Eventually.True(() => Printed() || (HasExited && reading.IsCompleted), () => NotPrinted(text));
        Assert.True(Printed(), NotPrinted(text));
    }

    private string NotPrinted(string text) => $"'{text}' was not printed.\n--- output\n{Output}\n--- error\n{Error}";

    // On a thread of its own, because reading from a pipe blocks.
    private static Task Collect(StreamReader from, StringBuilder to) => Task.Factory.StartNew(
        () =>
        {
            char[] buffer = new char[4096];
            int read;
            while ((read = from.Read(buffer)) > 0)
                lock (to)
                    to.Append(buffer, 0, read);
        },
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static string Text(StringBuilder builder)
    {
        lock (builder)
            return builder.ToString();
    }
}
