using System.Collections;
using System.Collections.Frozen;
using System.Globalization;
using System.Linq.Expressions;
using System.Management.Automation;
using System.Reflection;

namespace ExitSnoop.Commands.Views;

/// <summary>
/// The texts of an event for the cells of the views. It is the hidden property View of every event, live or from a job, a
/// file or another machine (<see cref="EventTypeData"/>).
/// </summary>
/// <remarks>
/// All columns show this property, with the name of the cell as the format string. This takes a third of the time of a script
/// block and works in constrained language mode, too. There is only one such property, because completion also offers hidden
/// properties.
/// </remarks>
public sealed class EventView : IFormattable
{
    private static readonly FrozenDictionary<string, Func<EventView, string>> Cells = typeof(EventView).GetProperties()
        .ToFrozenDictionary(cell => cell.Name, cell => cell.GetMethod!.CreateDelegate<Func<EventView, string>>());

    private static readonly FrozenDictionary<string, Func<ExitEvent, object?>> LiveValues = typeof(ExitEvent).GetProperties()
        .ToFrozenDictionary(property => property.Name, Getter);

    private readonly PSObject exit;

    private EventView(PSObject exit) => this.exit = exit;

    /// <summary>The value of a property of an event, live or deserialized, without a PSObject around it; null if there is none.</summary>
    internal static object? Value(PSObject exit, string property) =>
        exit.BaseObject is ExitEvent live ? LiveValues[property](live)
        : exit.Properties[property]?.Value is var value && value is PSObject wrapped ? wrapped.BaseObject : value;

    /// <summary>The text of a cell.</summary>
    /// <param name="format">The name of the property of this class.</param>
    /// <param name="formatProvider">Ignored: cells do not depend on the culture.</param>
    public string ToString(string? format, IFormatProvider? formatProvider) =>
        format is not null && Cells.TryGetValue(format, out Func<EventView, string>? cell) ? cell(this) : "";

    /// <summary>The getter of the property View.</summary>
    public static EventView Of(PSObject exit) => new(exit);

    /// <summary>ExitTime to the millisecond, as the original shows it.</summary>
    public string Time => Cell(FormatTime(DisplayTime.Format));

    /// <summary>ExitTime to the second, for views with many columns.</summary>
    public string Clock => Cell(FormatTime(time => DisplayTime.ToWallClock(time).ToString("HH:mm:ss", CultureInfo.InvariantCulture)));

    /// <summary>Label.</summary>
    public string Label => Cell(LabelText);

    /// <summary>Name.</summary>
    public string Name => Cell(NameText);

    /// <summary>Id.</summary>
    public string Id => Cell(Text(nameof(ExitEvent.Id)));

    /// <summary>ParentId.</summary>
    public string ParentId => Cell(Text(nameof(ExitEvent.ParentId)));

    /// <summary>ThreadId.</summary>
    public string ThreadId => Cell(Text(nameof(ExitEvent.ThreadId)));

    /// <summary>Age in seconds with two decimals, as the original shows it.</summary>
    public string Age => Cell(FormatSeconds(nameof(ExitEvent.Age)));

    /// <summary>Status: the EXIT_CODE column.</summary>
    public string Status => Cell(Text(nameof(ExitEvent.Status)));

    /// <summary>The signal or the exit code, for views with little room.</summary>
    public string Outcome => Cell(FormatOutcome());

    /// <summary>Reason: who or what ended it.</summary>
    public string Reason => Cell(ReasonText);

    /// <summary>CommandLine, or Path if there is none.</summary>
    public string Command =>
        Cell(CommandLineText is { Length: > 0 } line ? line : PathText);

    /// <summary>TotalProcessorTime in seconds with two decimals.</summary>
    public string ProcessorTime => Cell(FormatSeconds(nameof(ExitEvent.TotalProcessorTime)));

    /// <summary>PeakWorkingSet64 in B, KiB, MiB or GiB.</summary>
    public string Peak => Cell(FormatSize(nameof(ExitEvent.PeakWorkingSet64)));

    /// <summary>ReadBytes in B, KiB, MiB or GiB.</summary>
    public string Read => Cell(FormatSize(nameof(ExitEvent.ReadBytes)));

    /// <summary>WriteBytes in B, KiB, MiB or GiB.</summary>
    public string Written => Cell(FormatSize(nameof(ExitEvent.WriteBytes)));

    /// <summary>Name, safe to show.</summary>
    public string NameText => Text(nameof(ExitEvent.Name));

    /// <summary>ParentName, safe to show.</summary>
    public string ParentNameText => Text(nameof(ExitEvent.ParentName));

    /// <summary>Ancestors, safe to show, the parent first.</summary>
    public string AncestorsText => DisplayText.Escape(exit.Properties[nameof(ExitEvent.Ancestors)]?.Value?.ToString() ?? "");

    /// <summary>Label, safe to show.</summary>
    public string LabelText => Text(nameof(ExitEvent.Label));

    /// <summary>Reason, safe to show.</summary>
    public string ReasonText => Text(nameof(ExitEvent.Reason));

    /// <summary>StartTime to the millisecond.</summary>
    public string StartTimeText => Value(nameof(ExitEvent.StartTime)) is DateTime time ? EventTime.Format(time) : "";

    /// <summary>ExitTime to the millisecond.</summary>
    public string ExitTimeText => Value(nameof(ExitEvent.ExitTime)) is DateTime time ? EventTime.Format(time) : "";

    /// <summary>SenderName, safe to show.</summary>
    public string SenderNameText => Text(nameof(ExitEvent.SenderName));

    /// <summary>FaultAddress in hexadecimal digits.</summary>
    public string FaultAddressText => Address(nameof(ExitEvent.FaultAddress));

    /// <summary>CrashSite, in a table.</summary>
    public string CrashSite => Cell(CrashSiteText);

    /// <summary>The name of the thread that crashed.</summary>
    public string CrashThread => Cell(CrashThreadNameText);

    /// <summary>CrashSite, safe to show.</summary>
    public string CrashSiteText => Text(nameof(ExitEvent.CrashSite));

    /// <summary>InstructionPointer in hexadecimal digits.</summary>
    public string InstructionPointerText => Address(nameof(ExitEvent.InstructionPointer));

    /// <summary>CrashModule, safe to show.</summary>
    public string CrashModuleText => Text(nameof(ExitEvent.CrashModule));

    /// <summary>CrashOffset in hexadecimal digits.</summary>
    public string CrashOffsetText => Address(nameof(ExitEvent.CrashOffset));

    /// <summary>CrashSymbol, safe to show.</summary>
    public string CrashSymbolText => Text(nameof(ExitEvent.CrashSymbol));

    /// <summary>CrashThreadName, safe to show.</summary>
    public string CrashThreadNameText => Text(nameof(ExitEvent.CrashThreadName));

    /// <summary>StackTrace, safe to show, with one call per line. The text of a call is already escaped.</summary>
    public string StackTraceText =>
        Value(nameof(ExitEvent.StackTrace)) is IEnumerable calls ? string.Join('\n', calls.Cast<object>()) : "";

    /// <summary>CrashNote, safe to show.</summary>
    public string CrashNoteText => Text(nameof(ExitEvent.CrashNote));

    /// <summary>Path, safe to show.</summary>
    public string PathText => Text(nameof(ExitEvent.Path));

    /// <summary>CommandLine, safe to show.</summary>
    public string CommandLineText => Text(nameof(ExitEvent.CommandLine));

    /// <summary>Arguments, safe to show, separated by bars.</summary>
    public string ArgumentsText => Join(nameof(ExitEvent.Arguments), " | ");

    /// <summary>WorkingDirectory, safe to show.</summary>
    public string WorkingDirectoryText => Text(nameof(ExitEvent.WorkingDirectory));

    /// <summary>UserName, safe to show.</summary>
    public string UserNameText => Text(nameof(ExitEvent.UserName));

    /// <summary>LoginUserName, safe to show.</summary>
    public string LoginUserNameText => Text(nameof(ExitEvent.LoginUserName));

    /// <summary>Terminal, safe to show.</summary>
    public string TerminalText => Text(nameof(ExitEvent.Terminal));

    /// <summary>CgroupPath, safe to show.</summary>
    public string CgroupPathText => Text(nameof(ExitEvent.CgroupPath));

    /// <summary>ServiceName, safe to show.</summary>
    public string ServiceNameText => Text(nameof(ExitEvent.ServiceName));

    /// <summary>ContainerId, safe to show.</summary>
    public string ContainerIdText => Text(nameof(ExitEvent.ContainerId));

    /// <summary>PodId, safe to show.</summary>
    public string PodIdText => Text(nameof(ExitEvent.PodId));

    /// <summary>HostName, safe to show.</summary>
    public string HostNameText => Text(nameof(ExitEvent.HostName));

    // Colours are used only on a terminal. If the output of pwsh is redirected, OutputRendering would keep them.
    private static bool UsesColour { get; } =
        !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    // Red if the process failed.
    private string Cell(string text) =>
        UsesColour && Value(nameof(ExitEvent.Failed)) is true ? $"\u001b[31m{text}\u001b[0m" : text;

    // A delegate, because reflection takes some microseconds per property.
    private static Func<ExitEvent, object?> Getter(PropertyInfo property)
    {
        ParameterExpression exit = Expression.Parameter(typeof(ExitEvent));
        return Expression.Lambda<Func<ExitEvent, object?>>(Expression.Convert(Expression.Property(exit, property), typeof(object)), exit).Compile();
    }

    private object? Value(string property) => Value(exit, property);

    private string Text(string property) =>
        DisplayText.Escape(Convert.ToString(Value(property), CultureInfo.InvariantCulture));

    private string Address(string property) =>
        Value(property) is { } address ? string.Create(CultureInfo.InvariantCulture, $"0x{Convert.ToUInt64(address, CultureInfo.InvariantCulture):x}") : "";

    // A deserialized list has another type.
    private string Join(string property, string separator) =>
        Value(property) is IEnumerable items ? DisplayText.Escape(string.Join(separator, items.Cast<object>())) : "";

    private string FormatTime(Func<DateTime, string> format) => Value(nameof(ExitEvent.ExitTime)) is DateTime time ? format(time) : "";

    private string FormatSeconds(string property) =>
        Value(property) is TimeSpan span ? span.TotalSeconds.ToString("F2", CultureInfo.InvariantCulture) : "";

    private string FormatSize(string property)
    {
        if (Value(property) is not long size)
            return "";
        (double value, string unit) = size switch
        {
            >= 1L << 30 => (size / (double)(1L << 30), " GiB"),
            >= 1L << 20 => (size / (double)(1L << 20), " MiB"),
            >= 1L << 10 => (size / (double)(1L << 10), " KiB"),
            _ => (size, " B"),
        };
        return value.ToString(size < 1L << 10 || value >= 100 ? "F0" : "F1", CultureInfo.InvariantCulture) + unit;
    }

    private string FormatOutcome()
    {
        string signal = Text(nameof(ExitEvent.Signal));
        return signal is "" or nameof(Signal.None)
            ? Text(nameof(ExitEvent.ExitCode))
            : Value(nameof(ExitEvent.CoreDumped)) is true ? signal + " core" : signal;
    }
}
