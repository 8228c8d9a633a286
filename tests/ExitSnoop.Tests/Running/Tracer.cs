using System.Text.Json;

namespace ExitSnoop.Tests;

/// <summary>A <see cref="TraceProgram"/> in a process of its own.</summary>
internal sealed class Tracer(Child process) : IDisposable
{
    private const string Lost = "lost ", Missing = "missing ";

    /// <summary>The command line that runs one.</summary>
    internal static string[] Command { get; } = Path.GetFileName(Environment.ProcessPath) == "dotnet"
        ? [Environment.ProcessPath!, "exec", typeof(Tracer).Assembly.Location, TraceProgram.Name]
        : [Environment.ProcessPath!, TraceProgram.Name];

    internal Child Process => process;

    internal long LostCount { get; private set; }

    internal List<string> MissingIds { get; } = [];

    /// <summary>Starts one and waits until it is attached.</summary>
    internal static Tracer Start(params IEnumerable<string> arguments)
    {
        LoadableBpf.Require();
        Tracer tracer = new(Child.Start(Command[0], [.. Command[1..], .. arguments]));
        tracer.AwaitAttached();
        return tracer;
    }

    internal void AwaitAttached()
    {
        string line = process.ReadLine();
        Assert.True(line == "attached", line);
    }

    /// <summary>Ends it, unless it has ended, and reads its output.</summary>
    internal IReadOnlyList<TraceProgram.Line> Finish(bool stop = true)
    {
        if (stop)
            process.CloseInput();
        List<TraceProgram.Line> lines = [];
        bool complete = false;
        while (process.Output.ReadLine() is { } line)
        {
            complete = line.StartsWith(Lost, StringComparison.Ordinal);
            if (complete)
                LostCount = long.Parse(line.AsSpan(Lost.Length), System.Globalization.CultureInfo.InvariantCulture);
            else if (line.StartsWith(Missing, StringComparison.Ordinal))
                MissingIds.Add(line[Missing.Length..]);
            else
                lines.Add(JsonSerializer.Deserialize<TraceProgram.Line>(line)!);
        }
        Assert.True(complete, process.Errors.ReadToEnd());
        return lines;
    }

    public void Dispose() => process.Dispose();
}
