namespace ExitSnoop.Commands.Measuring;

/// <summary>The counts and sums of the exits of one group.</summary>
public sealed class ProcessExitMeasurement
{
    private readonly AgeDistribution ages = new();
    private long processorTicks;

    internal ProcessExitMeasurement(string name, IReadOnlyList<object?> values) => (Name, Values) = (DisplayText.Escape(name), values);

    /// <summary>The values of the group's properties, separated by commas, with control characters escaped.</summary>
    public string Name { get; }

    /// <summary>The values of the group's properties, in their order.</summary>
    public IReadOnlyList<object?> Values { get; }

    /// <summary>How many processes exited.</summary>
    public long Count { get; private set; }

    /// <summary>How many of them failed: the status was not 0, or a signal ended them.</summary>
    public long Failed { get; private set; }

    /// <summary>How many of them crashed.</summary>
    public long Crashed { get; private set; }

    /// <summary>
    /// How many exited per minute, on average over the time between the first and the last exit of the whole input; null if that time is
    /// zero.
    /// </summary>
    public double? PerMinute { get; internal set; }

    /// <summary>The sum of their CPU times, as far as they are known.</summary>
    public TimeSpan TotalProcessorTime => new(processorTicks);

    /// <summary>The median of their ages, exact to 4 %.</summary>
    public TimeSpan MedianAge => ages.Percentile(0.5);

    /// <summary>The age that 95 % of them did not exceed, exact to 4 %.</summary>
    public TimeSpan Age95 => ages.Percentile(0.95);

    /// <summary>The highest peak of resident memory of one of them, in bytes; null if it is not known of any.</summary>
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
