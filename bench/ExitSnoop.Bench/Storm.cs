using System.Globalization;

namespace ExitSnoop.Bench;

/// <summary>What bench/storm is asked for.</summary>
internal sealed record StormOptions
{
    internal string Kind { get; init; } = "vfork";

    /// <summary>Pinned to a processor each.</summary>
    internal int Workers { get; init; } = 2;

    /// <summary>How many exits, or null for as many as there can be in <see cref="Seconds"/>.</summary>
    internal long? Count { get; init; }

    /// <summary>Exits a second, or null for as many as there can be.</summary>
    internal int? Rate { get; init; }

    internal int? Seconds { get; init; }

    /// <summary>Whether the times between the exits of <see cref="Rate"/> are random, as those of unrelated processes are.</summary>
    internal bool Poisson { get; init; }

    /// <summary>The status that all exit with.</summary>
    internal int Code { get; init; }

    /// <summary>Where to write each child's time of death; null: nowhere.</summary>
    internal string? LatencyFile { get; init; }
}

/// <summary>
/// A storm of exits that is over, as its generator tells of it. The counts are the generator's, which reaped
/// every one of them.
/// </summary>
internal sealed record Storm(double Elapsed, long Exits)
{
    /// <summary>What the processes are named that die in a storm: nothing else on the machine is.</summary>
    internal const string Name = "bench-storm";

    /// <summary>How much longer than asked for a storm may take, in seconds.</summary>
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

    /// <summary>A storm that goes on until it is disposed of.</summary>
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
