using System.Globalization;
using System.Management.Automation;
using System.Reflection;
using ExitSnoop.Commands.Completion;
using ExitSnoop.Commands.Measuring;
using ExitSnoop.Commands.Views;

namespace ExitSnoop.Commands;

/// <summary>Counts exits by group: how many, how many failed and crashed, how often, how long they lived and what they used.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "ProcessExit")]
[OutputType(typeof(ProcessExitMeasurement))]
public sealed class MeasureProcessExitCommand : PSCmdlet
{
    /// <summary>Exits beyond this many groups are counted in one group, so that grouping by an ID cannot use up the memory.</summary>
    private const int GroupsMaximum = 10_000;

    private readonly Dictionary<string, ProcessExitMeasurement> groups = new(StringComparer.Ordinal);
    private PropertyInfo[] keys = [];
    private DateTime first = DateTime.MaxValue, last = DateTime.MinValue;

    /// <summary>The events.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    public PSObject InputObject { get; set; } = new();

    /// <summary>The properties of an event to group by. Without it, all exits are one group.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PropertyNameCompleter))]
    public string[] Property { get; set; } = [];

    /// <summary>Only this many groups, those with the most exits.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int First { get; set; } = int.MaxValue;

    /// <inheritdoc/>
    protected override void BeginProcessing() => keys = Array.ConvertAll(Property, FindProperty);

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        MeasuredExit exit;
        object?[] values;
        if (InputObject.BaseObject is ExitEvent live)
        {
            exit = MeasuredExit.Of(live);
            values = Array.ConvertAll(keys, key => key.GetValue(live));
        }
        else if (MeasuredExit.Of(InputObject) is { } other)
        {
            exit = other;
            values = Array.ConvertAll(keys, key => EventView.Value(InputObject, key.Name));
        }
        else
        {
            string problem = MeasuredExit.IsText(InputObject)
                ? "Its ExitTime and Age are texts, as after Import-Csv. Keep events as JSON (ForEach-Object ToJson) and read them with Get-ProcessExit, or use Export-Clixml and Import-Clixml."
                : "Pipe in events of Watch-ProcessExit or Get-ProcessExit.";
            WriteError(new ErrorRecord(
                new ArgumentException($"This object of type {InputObject.TypeNames[0]} is not the exit of a process. {problem}"),
                "NotAnEvent", ErrorCategory.InvalidArgument, InputObject));
            return;
        }
        first = exit.Time < first ? exit.Time : first;
        last = exit.Time > last ? exit.Time : last;
        Group(values).Add(exit);
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        double minutes = groups.Count > 0 ? (last - first).TotalMinutes : 0;
        foreach (ProcessExitMeasurement group in groups.Values
            .OrderByDescending(group => group.Count).ThenBy(group => group.Name, StringComparer.OrdinalIgnoreCase).Take(First))
        {
            group.PerMinute = minutes > 0 ? group.Count / minutes : null;
            WriteObject(group);
        }
    }

    private ProcessExitMeasurement Group(object?[] values)
    {
        string name = string.Join(", ", values.Select(value => Convert.ToString(value, CultureInfo.InvariantCulture)));
        if (groups.TryGetValue(name, out ProcessExitMeasurement? group))
            return group;
        if (groups.Count >= GroupsMaximum)
        {
            (name, values) = ("(others)", []);
            if (groups.TryGetValue(name, out group))
                return group;
            WriteWarning($"There are more than {GroupsMaximum} groups: the exits of all further ones are counted together as (others).");
        }
        return groups[name] = new ProcessExitMeasurement(name, values);
    }

    private PropertyInfo FindProperty(string name)
    {
        PropertyInfo? property = typeof(ExitEvent).GetProperty(name.Equals(EventTypeData.ProcessName, StringComparison.OrdinalIgnoreCase) ? nameof(ExitEvent.Name) : name, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase);
        if (property is null)
            ThrowTerminatingError(new ErrorRecord(
                new ArgumentException($"An event has no property '{name}'. Get-ProcessExitEventDefinition lists them."),
                "PropertyNotFound", ErrorCategory.ObjectNotFound, name));
        return property!;
    }
}
