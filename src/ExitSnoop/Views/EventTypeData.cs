using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace ExitSnoop.Commands.Views;

/// <summary>
/// The type data that PowerShell adds to an event: the alias ProcessName, the properties that are shown and sorted by default,
/// the texts of the views, times that keep fractions of a second in files, and the enum Signal for deserialized events.
/// </summary>
/// <remarks>
/// A types file cannot be used: if a second copy of the module is imported, PowerShell reports an error for each member that
/// is defined again. The data is kept when the module is removed, because the types stay loaded and events may still exist.
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
            // Nothing can be added to a type table that several runspaces share. The host filled that table.
            System.Diagnostics.Debug.WriteLine(shared.Message);
        }
    }

    /// <summary>The signal of a deserialized event as a member of the enum, which can be compared with names and numbers.</summary>
    public static object? Signal(PSObject exit)
    {
        ArgumentNullException.ThrowIfNull(exit);
        return exit.Members["psadapted"] is PSMemberSet adapted && adapted.Properties[nameof(ExitEvent.Signal)]?.Value is { } value
            ? LanguagePrimitives.ConvertTo<Signal>(value)
            : null;
    }

    /// <summary>ExitTime as an <see cref="EventTime"/>.</summary>
    public static object? ExitTime(PSObject exit) => exit?.BaseObject is ExitEvent live ? new EventTime(live.ExitTime) : null;

    /// <summary>StartTime as an <see cref="EventTime"/>.</summary>
    public static object? StartTime(PSObject exit) => exit?.BaseObject is ExitEvent live ? new EventTime(live.StartTime) : null;

    /// <summary>The text of a call of a stack.</summary>
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

    // The members that live and deserialized events have in common.
    private static void AddBoth(TypeData data)
    {
        Add(data, new CodePropertyData(EventViews.View, typeof(EventView).GetMethod(nameof(EventView.Of))) { IsHidden = true });
        // Otherwise hidden properties would be serialized, too.
        data.SerializationMethod = "SpecificProperties";
        data.PropertySerializationSet = new PropertySetData([.. typeof(ExitEvent).GetProperties().Select(property => property.Name), ProcessName]);
    }

    private static CodePropertyData Code(string property) => new(property, typeof(EventTypeData).GetMethod(property));

    private static void Add(TypeData data, TypeMemberData member) => data.Members.Add(member.Name, member);
}
