using System.Management.Automation;
using ExitSnoop.Commands.Views;

namespace ExitSnoop.Commands.Measuring;

/// <summary>The values of one exit that are measured.</summary>
internal readonly record struct MeasuredExit(DateTime Time, TimeSpan Age, bool Failed, bool Crashed, TimeSpan? ProcessorTime, long? Peak)
{
    internal static MeasuredExit Of(ExitEvent exit) =>
        new(exit.ExitTime, exit.Age, exit.Failed, exit.Crashed == true, exit.TotalProcessorTime, exit.PeakWorkingSet64);

    /// <summary>The values of an event, which may come from a job, a file or another machine; null if the object is not an event.</summary>
    internal static MeasuredExit? Of(PSObject exit) =>
        EventView.Value(exit, nameof(ExitEvent.ExitTime)) is DateTime time && EventView.Value(exit, nameof(ExitEvent.Age)) is TimeSpan age
            ? new MeasuredExit(
                time, age, EventView.Value(exit, nameof(ExitEvent.Failed)) is true, EventView.Value(exit, nameof(ExitEvent.Crashed)) is true,
                EventView.Value(exit, nameof(ExitEvent.TotalProcessorTime)) as TimeSpan?, EventView.Value(exit, nameof(ExitEvent.PeakWorkingSet64)) as long?)
            : null;

    /// <summary>Whether the object was an event, but its properties are only texts, as after Import-Csv.</summary>
    internal static bool IsText(PSObject exit) =>
        EventView.Value(exit, nameof(ExitEvent.ExitTime)) is string && EventView.Value(exit, nameof(ExitEvent.Age)) is string;
}
