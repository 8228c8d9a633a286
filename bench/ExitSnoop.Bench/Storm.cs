using System.Globalization;

namespace ExitSnoop.Bench;

/// <summary>The options of bench/storm.</summary>
internal sealed record StormOptions
{
    internal string Kind { get; init; } = "vfork";

    /// <summary>The number of workers, each of which is pinned to a processor.</summary>
    internal int Workers { get; init; } = 2;

    /// <summary>The number of exits; null for as many as possible in <see cref="Seconds"/>.</summary>
    internal long? Count { get; init; }

    /// <summary>Exits a second; null for as many as possible.</summary>
    internal int? Rate { get; init; }

    internal int? Seconds { get; init; }

    /// <summary>Whether the times between the exits of <see cref="Rate"/> are random, as those of unrelated processes are.</summary>
    internal bool Poisson { get; init; }

    /// <summary>The exit status of all processes.</summary>
    internal int Code { get; init; }

    /// <summary>The file for the exit times of the children; null for none.</summary>
    internal string? LatencyFile { get; init; }
}

/// <summary>
/// The result of a storm of exits, as its generator reports it. The counts are exact, because the generator reaped every
/// process.
/// </summary>
internal sealed record Storm(double Elapsed, long Exits)
{
    /// <summary>The comm of the processes of a storm. No other process on the machine has this name.</summary>
    internal const string Name = "bench-storm";

    /// <summary>How long a storm may take at most, in seconds.</summary>
    private const int Cap = 300;

    internal double Rate => Exits / Elapsed;

    internal static Storm Run(Workspace workspace, StormOptions options)
    {
        string[] lines = ChildProcess.Run(workspace, Command(workspace, options)).Split('\n');
        string Value(string name) => lines.First(line => line.StartsWith(name + " ", StringComparison.Ordinal))[(name.Length + 1)..];
        if (lines.Any(line => line.StartsWith("stopped ", StringComparison.Ordinal)))
            throw new BenchException("A storm was stopped before its end.");
        return new Storm(double.Parse(Value("elapsed"), CultureInfo.InvariantCulture), long.Parse(Value("exits"), CultureInfo.InvariantCulture));
    }

    /// <summary>Starts a storm that continues until it is disposed.</summary>
    internal static ChildProcess Start(Workspace workspace, StormOptions options) =>
        ChildProcess.Start(Command(workspace, options), "/dev/null", workspace.NewFile(), "/dev/null");

    private static List<string> Command(Workspace workspace, StormOptions options)
    {
        List<string> command = [workspace.Tool("storm"), "--kind", options.Kind, "--pin", "--comm", Name, "--cap", Text(Cap)];
        void Add(string option, long? value)
        {
            if (value is { } number)
                command.AddRange([option, Text(number)]);
        }

        Add("--workers", options.Workers);
        Add("--count", options.Count);
        Add("--rate", options.Rate);
        Add("--seconds", options.Seconds);
        Add("--code", options.Code > 0 ? options.Code : null);
        if (options.Poisson)
            command.Add("--poisson");
        if (options.LatencyFile is { } file)
            command.AddRange(["--latency", file]);
        return command;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
