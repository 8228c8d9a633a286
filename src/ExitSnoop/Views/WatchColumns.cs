using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Runspaces;

namespace ExitSnoop.Commands.Views;

/// <summary>
/// Chooses the columns for the events of a watch, by adding a type name to each event. So the choice is kept through
/// remoting and jobs, and two watches do not affect each other.
/// </summary>
internal sealed class WatchColumns
{
    /// <summary>The minimum width of the status column: "signal 11 (SEGV)" has 16 characters.</summary>
    private const int StatusWidth = 18;

    private const int NarrowestName = 8;

    private readonly string[] typeNames;

    private WatchColumns(params string[] typeNames) => this.typeNames = typeNames;

    /// <summary>The columns for a watch.</summary>
    internal static WatchColumns For(PSCmdlet cmdlet, bool time, bool utc, bool label)
    {
        if (!time)
            return label ? new WatchColumns($"{EventViews.EventType}#Label") : new WatchColumns();

        string title = DisplayTime.ColumnTitle(utc);
        bool zoneIsUtc = title == DisplayTime.ColumnTitle(utc: true);
        List<Column> columns = [EventViews.Time with { Header = title }];
        if (label)
            columns.Add(EventViews.Label);
        int name = columns.Count;
        columns.AddRange(EventViews.Default);
        string general = $"{EventViews.EventType}#Time{(zoneIsUtc ? "Utc" : "")}{(label ? "Label" : "")}";

        // If the status does not fit on the screen, the column of the name is made narrower, because names are rarely that long.
        int missing = columns.Sum(column => column.Width + 1) - 1 + StatusWidth - ScreenWidth(cmdlet);
        if (missing > 0)
            columns[name] = columns[name] with { Width = Math.Max(columns[name].Width - missing, NarrowestName) };
        else if (zoneIsUtc)
            return new WatchColumns(general);

        // The header contains the time zone and the widths depend on the screen, so this view is defined at run time. In another
        // session, the next type name selects the view.
        string special = $"{general}-{title}-{columns[name].Width}";
        Define(cmdlet, special, columns);
        return new WatchColumns(special, general);
    }

    /// <summary>The event with the type names, for the pipeline.</summary>
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
            // The host has no screen.
            return int.MaxValue;
        }
    }

    private static void Define(PSCmdlet cmdlet, string typeName, IEnumerable<Column> columns)
    {
        InitialSessionState state = Runspace.DefaultRunspace.InitialSessionState;
        foreach (SessionStateFormatEntry entry in state.Formats)
            if (entry.FormatData?.TypeNames.Contains(typeName) == true)
                return;

        TableControlBuilder table = TableControl.Create(outOfBand: false, autoSize: false, hideTableHeaders: false);
        foreach (Column column in columns)
            table.AddHeader(Alignment.Left, column.Width, column.Header);
        TableRowDefinitionBuilder row = table.StartRowDefinition(wrap: false, entrySelectedByType: null, entrySelectedByCondition: null);
        foreach (Column column in columns)
            row.AddPropertyColumn(column.Property, Alignment.Left, column.Format);
        state.Formats.Add(new SessionStateFormatEntry(new ExtendedTypeDefinition(
            typeName, [new FormatViewDefinition(EventViews.DefaultName, row.EndRowDefinition().EndTable())])));
        try
        {
            cmdlet.InvokeCommand.InvokeScript("Microsoft.PowerShell.Utility\\Update-FormatData");
        }
        catch (RuntimeException shared)
        {
            // The format table of this runspace cannot be changed, so the general view is shown.
            cmdlet.WriteVerbose($"The columns cannot be adapted to the time zone and the width of the screen: {shared.Message}");
        }
    }
}
