using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace ExitSnoop.Commands.Views;

/// <summary>
/// What PowerShell adds to an event: the alias ProcessName, the properties that show and sort by default, the
/// texts of the views, times whose texts in files keep fractions of a second, and signals that are signals
/// again where an event was serialized.
/// </summary>
/// <remarks>
/// A types file would do the same, but PowerShell refuses what a second copy of the module defines again, with an
/// error for each member. The data stays when the module is removed: the types do too, and so may events.
/// </remarks>
public sealed class EventTypeData : IModuleAssemblyInitializer
{
    private const string Deserialized = "Deserialized.";
    internal const string ProcessName = "ProcessName";

    /// <inheritdoc/>
    public void OnImport()
    {
        using PowerShell shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        shell.AddCommand(@"Microsoft.PowerShell.Utility\Update-TypeData")
            .AddParameter("TypeData", new[] { Live(), FromElsewhere(), SignalFromElsewhere(), Frame() })
            .AddParameter("Force");
        try
        {
            shell.Invoke();
        }
        catch (RuntimeException shared)
        {
            // A runspace that shares its type table with others takes no additions; the host filled that table.
            System.Diagnostics.Debug.WriteLine(shared.Message);
        }
    }

    /// <summary>A serialized signal, its name or its number, as a signal, which compares with either.</summary>
    public static object? Signal(PSObject exit)
    {
        ArgumentNullException.ThrowIfNull(exit);
        return exit.Members["psadapted"] is PSMemberSet adapted && adapted.Properties[nameof(ExitEvent.Signal)]?.Value is { } value
            ? LanguagePrimitives.ConvertTo<Signal>(value)
            : null;
    }

    /// <summary>ExitTime, with the text that files need.</summary>
    public static object? ExitTime(PSObject exit) => exit?.BaseObject is ExitEvent live ? new EventTime(live.ExitTime) : null;

    /// <summary>StartTime, with the text that files need.</summary>
    public static object? StartTime(PSObject exit) => exit?.BaseObject is ExitEvent live ? new EventTime(live.StartTime) : null;

    /// <summary>A call of a stack as a line.</summary>
    public static object? Call(PSObject frame) => (frame?.BaseObject as StackFrame)?.ToString();

    private static TypeData Frame()
    {
        TypeData data = new(EventViews.FrameType);
        Add(data, new CodePropertyData(nameof(Call), typeof(EventTypeData).GetMethod(nameof(Call))) { IsHidden = true });
        return data;
    }

    private static TypeData Live()
    {
        TypeData data = new(EventViews.EventType)
        {
            DefaultDisplayPropertySet = new PropertySetData([
                nameof(ExitEvent.Name), nameof(ExitEvent.Id), nameof(ExitEvent.ParentId), nameof(ExitEvent.ThreadId), nameof(ExitEvent.Age), nameof(ExitEvent.Status),
            ]),
            DefaultKeyPropertySet = new PropertySetData([nameof(ExitEvent.ExitTime)]),
        };
        AddBoth(data);
        Add(data, Code(nameof(ExitTime)));
        Add(data, Code(nameof(StartTime)));
        Add(data, new AliasPropertyData(ProcessName, nameof(ExitEvent.Name)));
        return data;
    }

    private static TypeData FromElsewhere()
    {
        TypeData data = new(Deserialized + EventViews.EventType);
        AddBoth(data);
        Add(data, Code(nameof(Signal)));
        return data;
    }

    private static TypeData SignalFromElsewhere() =>
        new(Deserialized + typeof(Signal).FullName) { TargetTypeForDeserialization = typeof(Signal) };

    // What live and serialized events have in common.
    private static void AddBoth(TypeData data)
    {
        Add(data, new CodePropertyData(EventViews.View, typeof(EventView).GetMethod(nameof(EventView.Of))) { IsHidden = true });
        // What is hidden would be serialized too.
        data.SerializationMethod = "SpecificProperties";
        data.PropertySerializationSet = new PropertySetData([.. typeof(ExitEvent).GetProperties().Select(property => property.Name), ProcessName]);
    }

    private static CodePropertyData Code(string property) => new(property, typeof(EventTypeData).GetMethod(property));

    private static void Add(TypeData data, TypeMemberData member) => data.Members.Add(member.Name, member);
}
