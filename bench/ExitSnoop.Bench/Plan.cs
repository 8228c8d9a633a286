namespace ExitSnoop.Bench;

/// <summary>How much is measured.</summary>
internal sealed record Plan
{
    /// <summary>The plan for published figures.</summary>
    internal static readonly Plan Full = new();

    /// <summary>A plan that takes a few minutes.</summary>
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

    /// <summary>How many rounds in which all tracers are measured one after the other.</summary>
    internal int Rounds { get; private init; } = 5;

    /// <summary>How many rounds for the slow-down of a storm, which varies more than the other figures.</summary>
    internal int SlowDownRounds { get; private init; } = 7;

    /// <summary>The number of exits of one storm.</summary>
    internal long Exits { get; private init; } = 60_000;

    internal int KernelRounds { get; private init; } = 5;

    /// <summary>How often a console program is started.</summary>
    internal int FirstEvents { get; private init; } = 15;

    /// <summary>How often PowerShell is started.</summary>
    internal int ShellStarts { get; private init; } = 7;

    /// <summary>Rates of random exits per second, and how long each lasts. Within that time, no process ID may be reused.</summary>
    internal IReadOnlyList<(int Rate, int Seconds)> Arrivals { get; private init; } = [(1, 20), (10, 10), (50, 10), (200, 5), (1000, 3), (5000, 2)];

    /// <summary>The number of scripts with several commands.</summary>
    internal int Scripts { get; private init; } = 10;

    /// <summary>The number of objects in a pipeline.</summary>
    internal int PipelineObjects { get; private init; } = 20_000;

    internal int PipelineRounds { get; private init; } = 5;

    internal int IdleSeconds { get; private init; } = 60;

    /// <summary>How long the machine's highest rate of exits is held, in seconds.</summary>
    internal int HighestSeconds { get; private init; } = 30;

    /// <summary>The number of exits for Export-Csv.</summary>
    internal long CsvExits { get; private init; } = 1_000_000;

    /// <summary>The number of exits of the smallest storm, in a series of 1, 2, 4 and 8 times as many.</summary>
    internal long GrowthUnit { get; private init; } = 25_000;

    /// <summary>How many rounds for tracers that lose events or are slow.</summary>
    internal int LossRounds { get; private init; } = 3;

    /// <summary>The number of exits in the recording that is read.</summary>
    internal long RecordedExits { get; private init; } = 10_000_000;
}
