using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Runspaces;

namespace ExitSnoop.Commands;

/// <summary>
/// Decides which columns an event shows, by the type names that it carries: so the choice goes with the
/// object through remoting and jobs, and two watches do not disturb each other. Also what the cells of
/// ExitSnoop.Format.ps1xml show.
/// </summary>
public sealed class ExitEventView
{
    private const string TypeName = "ExitSnoop.ExitEvent";
    private const int TimeWidth = 12, LabelWidth = 5;

    /// <summary>Holds "signal 11 (SEGV)" and more of it.</summary>
    private const int StatusWidth = 18;

    private const int NarrowestName = 8;

    private static readonly (string Header, int Width, string Value)[] Columns =
    [
        ("PCOMM", 16, "$_.Name"),
        ("PID", 7, "$_.Id"),
        ("PPID", 7, "$_.ParentId"),
        ("TID", 7, "$_.ThreadId"),
        ("AGE(s)", 7, "[ExitSnoop.Commands.ExitEventView]::Age($_.Age)"),
        ("EXIT_CODE", 0, "$_.Status"),
    ];

    private readonly string[] typeNames;

    private ExitEventView(params string[] typeNames) => this.typeNames = typeNames;

    /// <summary>The text of a cell, safe to show, in the colour of a failure where the output takes colours.</summary>
    /// <param name="text">The text, as the process may have chosen it.</param>
    /// <param name="failed">Whether the event's process failed.</param>
    public static string Cell(object? text, object? failed)
    {
        string shown = DisplayText.Escape(Convert.ToString(text, CultureInfo.InvariantCulture));
        return failed is true && UsesColour ? $"\u001b[31m{shown}\u001b[0m" : shown;
    }

    /// <summary>An age as the original shows it: seconds, two decimals.</summary>
    public static string Age(object? age) =>
        age is TimeSpan span ? span.TotalSeconds.ToString("F2", CultureInfo.InvariantCulture) : "";

    /// <summary>A time as the original shows it, to the millisecond.</summary>
    public static string Time(object? time) =>
        time is DateTime moment ? DisplayTime.Format(moment) : "";

    /// <summary>A time to the second, where columns are many.</summary>
    public static string Clock(object? time) =>
        time is DateTime moment ? DisplayTime.ToWallClock(moment).ToString("HH:mm:ss", CultureInfo.InvariantCulture) : "";

    /// <summary>A number of bytes in the unit that suits it.</summary>
    public static string Size(object? bytes)
    {
        if (bytes is not long size)
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

    // Rendering to a host that is a terminal is the only case for colours; where the output of pwsh itself
    // is redirected, its OutputRendering would keep them.
    private static bool UsesColour { get; } =
        !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    /// <summary>The view for a watch.</summary>
    internal static ExitEventView For(PSCmdlet cmdlet, bool time, bool utc, bool label)
    {
        if (!time)
            return label ? new ExitEventView($"{TypeName}#Label") : new ExitEventView();

        string title = DisplayTime.ColumnTitle(utc);
        bool zoneIsUtc = title == DisplayTime.ColumnTitle(utc: true);
        List<(string Header, int Width, string Value)> columns = [(title, TimeWidth, "[ExitSnoop.Commands.ExitEventView]::Time($_.ExitTime)")];
        if (label)
            columns.Add(("LABEL", LabelWidth, "$_.Label"));
        int name = columns.Count;
        columns.AddRange(Columns);
        string general = $"{TypeName}#Time{(zoneIsUtc ? "Utc" : "")}{(label ? "Label" : "")}";

        // Where the status would not fit on the screen the name gives way: it is rarely as long as it may be.
        int missing = columns.Sum(column => column.Width + 1) - 1 + StatusWidth - ScreenWidth(cmdlet);
        if (missing > 0)
            columns[name] = columns[name] with { Width = Math.Max(columns[name].Width - missing, NarrowestName) };
        else if (zoneIsUtc)
            return new ExitEventView(general);

        // The header names the zone, the widths suit this screen, so this view can only be made here; elsewhere
        // the next name serves.
        string special = $"{general}-{title}-{columns[name].Width}";
        Define(cmdlet, special, columns);
        return new ExitEventView(special, general);
    }

    /// <summary>The event as it goes into the pipeline.</summary>
    internal object Apply(ExitEvent exit)
    {
        if (typeNames.Length == 0)
            return exit;
        PSObject wrapped = new(exit);
        for (int i = typeNames.Length - 1; i >= 0; i--)
            wrapped.TypeNames.Insert(0, typeNames[i]);
        return wrapped;
    }

    private static int ScreenWidth(PSCmdlet cmdlet)
    {
        try
        {
            return cmdlet.Host.UI?.RawUI?.BufferSize.Width is > 0 and int width ? width : int.MaxValue;
        }
        catch (Exception none) when (none is HostException or NotImplementedException or InvalidOperationException or IOException)
        {
            // A host that has no screen.
            return int.MaxValue;
        }
    }

    private static void Define(PSCmdlet cmdlet, string typeName, IEnumerable<(string Header, int Width, string Value)> columns)
    {
        InitialSessionState state = Runspace.DefaultRunspace.InitialSessionState;
        foreach (SessionStateFormatEntry entry in state.Formats)
            if (entry.FormatData?.TypeNames.Contains(typeName) == true)
                return;

        TableControl table = new(
            new TableControlRow(columns.Select(column => new TableControlColumn(
                Alignment.Left,
                new DisplayEntry($"[ExitSnoop.Commands.ExitEventView]::Cell(({column.Value}), $_.Failed)", DisplayEntryValueType.ScriptBlock)))),
            columns.Select(column => new TableControlColumnHeader(column.Header, column.Width, Alignment.Left)));
        state.Formats.Add(new SessionStateFormatEntry(new ExtendedTypeDefinition(
            typeName, [new FormatViewDefinition("ExitSnoop", table)])));
        try
        {
            cmdlet.InvokeCommand.InvokeScript("Microsoft.PowerShell.Utility\\Update-FormatData");
        }
        catch (RuntimeException shared)
        {
            // A runspace whose formats are shared or closed shows the general view.
            cmdlet.WriteVerbose($"The columns do not suit the zone or the screen here: {shared.Message}");
        }
    }
}
