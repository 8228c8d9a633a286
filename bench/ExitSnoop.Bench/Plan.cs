namespace ExitSnoop.Bench;

/// <summary>How much is measured.</summary>
internal sealed record Plan
{
    /// <summary>What the figures are told with.</summary>
    internal static readonly Plan Full = new();

    /// <summary>A look at it in a few minutes.</summary>
    internal static readonly Plan Quick = new()
    {
        IsQuick = true,
        Rounds = 3,
        SlowDownRounds = 3,
        Exits = 20_000,
        KernelRounds = 3,
        FirstEvents = 10,
        ShellStarts = 3,
        Arrivals = [(1, 5), (10, 5), (50, 4), (200, 2), (1000, 2), (5000, 2)],
        Scripts = 5,
        PipelineObjects = 10_000,
        PipelineRounds = 3,
        IdleSeconds = 10,
        HighestSeconds = 5,
        CsvExits = 100_000,
        GrowthUnit = 10_000,
        LossRounds = 2,
        RecordedExits = 1_000_000,
    };

    internal bool IsQuick { get; private init; }

    /// <summary>Of all tracers side by side, one after the other.</summary>
    internal int Rounds { get; private init; } = 5;

    /// <summary>The same, and some more of what slows a storm down: the most restless of the figures.</summary>
    internal int SlowDownRounds { get; private init; } = 7;

    /// <summary>Exits of one storm.</summary>
    internal long Exits { get; private init; } = 60_000;

    internal int KernelRounds { get; private init; } = 5;

    /// <summary>Starts of a console program.</summary>
    internal int FirstEvents { get; private init; } = 15;

    /// <summary>Starts of a PowerShell.</summary>
    internal int ShellStarts { get; private init; } = 7;

    /// <summary>Random exits a second, and for how long. The last may not use up the machine's process ids.</summary>
    internal IReadOnlyList<(int Rate, int Seconds)> Arrivals { get; private init; } = [(1, 20), (10, 10), (50, 10), (200, 5), (1000, 3), (5000, 2)];

    /// <summary>Scripts of some commands in a row.</summary>
    internal int Scripts { get; private init; } = 10;

    /// <summary>Objects that go through a pipeline.</summary>
    internal int PipelineObjects { get; private init; } = 20_000;

    internal int PipelineRounds { get; private init; } = 5;

    internal int IdleSeconds { get; private init; } = 60;

    /// <summary>How long the machine's highest rate of exits is kept up.</summary>
    internal int HighestSeconds { get; private init; } = 30;

    /// <summary>Exits into Export-Csv.</summary>
    internal long CsvExits { get; private init; } = 1_000_000;

    /// <summary>Exits of the smallest storm of a series of 1, 2, 4 and 8 times as many.</summary>
    internal long GrowthUnit { get; private init; } = 25_000;

    /// <summary>Of what loses events, or is slow.</summary>
    internal int LossRounds { get; private init; } = 3;

    /// <summary>Exits of the recording that is read.</summary>
    internal long RecordedExits { get; private init; } = 10_000_000;
}
