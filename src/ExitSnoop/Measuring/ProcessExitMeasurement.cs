namespace ExitSnoop.Commands.Measuring;

/// <summary>What the exits of one group have in common, counted and added up.</summary>
public sealed class ProcessExitMeasurement
{
    private readonly AgeDistribution ages = new();
    private long processorTicks;

    internal ProcessExitMeasurement(string name, IReadOnlyList<object?> values) => (Name, Values) = (DisplayText.Escape(name), values);

    /// <summary>The values of the group's properties as a text that is safe to show, separated by commas.</summary>
    public string Name { get; }

    /// <summary>The values of the group's properties, in their order.</summary>
    public IReadOnlyList<object?> Values { get; }

    /// <summary>How many exited.</summary>
    public long Count { get; private set; }

    /// <summary>How many of them failed: a status other than 0, or a signal.</summary>
    public long Failed { get; private set; }

    /// <summary>How many of them crashed.</summary>
    public long Crashed { get; private set; }

    /// <summary>How many exited in a minute, on average, between the first and the last exit of the whole input; null where that is a single moment.</summary>
    public double? PerMinute { get; internal set; }

    /// <summary>CPU time of all of them, where it is known.</summary>
    public TimeSpan TotalProcessorTime => new(processorTicks);

    /// <summary>The age that half of them did not reach, to 4 %.</summary>
    public TimeSpan MedianAge => ages.Percentile(0.5);

    /// <summary>The age that 95 of 100 did not reach, to 4 %.</summary>
    public TimeSpan Age95 => ages.Percentile(0.95);

    /// <summary>The most memory that one of them had resident, in bytes; null where it is not known.</summary>
    public long? PeakWorkingSet64 { get; private set; }

    internal void Add(in MeasuredExit exit)
    {
        Count++;
        Failed += exit.Failed ? 1 : 0;
        Crashed += exit.Crashed ? 1 : 0;
        processorTicks += exit.ProcessorTime?.Ticks ?? 0;
        ages.Add(exit.Age);
        if (exit.Peak is { } peak)
            PeakWorkingSet64 = Math.Max(PeakWorkingSet64 ?? 0, peak);
    }
}
