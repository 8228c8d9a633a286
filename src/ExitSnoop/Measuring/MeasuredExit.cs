using System.Management.Automation;

namespace ExitSnoop.Commands.Measuring;

/// <summary>What is measured of one exit.</summary>
internal readonly record struct MeasuredExit(DateTime Time, TimeSpan Age, bool Failed, bool Crashed, TimeSpan? ProcessorTime, long? Peak)
{
    internal static MeasuredExit Of(ExitEvent exit) =>
        new(exit.ExitTime, exit.Age, exit.Failed, exit.Crashed == true, exit.TotalProcessorTime, exit.PeakWorkingSet64);

    /// <summary>Of an event that came from a job, a file or another machine; null where the object is no event.</summary>
    internal static MeasuredExit? Of(PSObject exit) =>
        Value(exit, nameof(ExitEvent.ExitTime)) is DateTime time && Value(exit, nameof(ExitEvent.Age)) is TimeSpan age
            ? new MeasuredExit(
                time, age, Value(exit, nameof(ExitEvent.Failed)) is true, Value(exit, nameof(ExitEvent.Crashed)) is true,
                Value(exit, nameof(ExitEvent.TotalProcessorTime)) as TimeSpan?, Value(exit, nameof(ExitEvent.PeakWorkingSet64)) as long?)
            : null;

    internal static object? Value(PSObject exit, string property) =>
        exit.Properties[property]?.Value is var value && value is PSObject wrapped ? wrapped.BaseObject : value;
}
