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
        LatencySeconds = 5,
        IdleSeconds = 10,
        HighestSeconds = 5,
        CsvExits = 100_000,
        GrowthUnit = 10_000,
        LossRounds = 1,
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

    internal int LatencySeconds { get; private init; } = 15;

    internal int IdleSeconds { get; private init; } = 60;

    /// <summary>How long the machine's highest rate of exits is kept up.</summary>
    internal int HighestSeconds { get; private init; } = 60;

    /// <summary>Exits into Export-Csv.</summary>
    internal long CsvExits { get; private init; } = 1_000_000;

    /// <summary>Exits of the smallest storm of a series of 1, 2, 4 and 8 times as many.</summary>
    internal long GrowthUnit { get; private init; } = 25_000;

    internal int LossRounds { get; private init; } = 3;

    /// <summary>Exits of the recording that is read.</summary>
    internal long RecordedExits { get; private init; } = 10_000_000;
}
