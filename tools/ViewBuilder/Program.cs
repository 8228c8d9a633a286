using System.Xml.Linq;
using ExitSnoop.Commands.Views;

namespace ViewBuilder;

/// <summary>Writes the views of an event as a format file of PowerShell.</summary>
internal static class Program
{
    private const string Origin = """

          Made by the build of src/ExitSnoop from src/ExitSnoop/Views/EventViews.cs: edit that file, not this one.

        """;

    /// <summary>Argument: the file to write.</summary>
    private static void Main(string[] args) =>
        File.WriteAllText(args[0], $"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{Document()}\n");

    private static XDocument Document() => new(
        new XComment(Origin),
        new XElement("Configuration",
            new XElement("ViewDefinitions",
                EventViews.Tables.Select(Table),
                View("Everything", EventViews.EventType, List()))));

    private static XElement View(string name, string typeName, XElement control) => new("View",
        new XElement("Name", name),
        new XElement("ViewSelectedBy", new XElement("TypeName", typeName)),
        control);

    private static XElement Table(TableView view) => View(view.Name, view.TypeName, new XElement("TableControl",
        new XElement("TableHeaders", view.Columns.Select(column => new XElement("TableColumnHeader",
            new XElement("Label", column.Header),
            // If a column other than the last one has no width, PowerShell shows the table only when it is complete.
            column.Width == 0 ? null : new XElement("Width", column.Width),
            new XElement("Alignment", "Left")))),
        new XElement("TableRowEntries", new XElement("TableRowEntry", new XElement("TableColumnItems",
            view.Columns.Select(column => new XElement("TableColumnItem", column.Script is null ? Value(column.Property, column.Format) : new XElement("ScriptBlock", column.Script))))))));

    private static XElement List() => new("ListControl", new XElement("ListEntries", new XElement("ListEntry", new XElement("ListItems",
        EventViews.List.Select(entry => new XElement("ListItem",
            entry.Label == entry.Property ? null : new XElement("Label", entry.Label),
            entry.Property is null ? new XElement("ScriptBlock", "''") : Value(entry.Property, entry.Format)))))));

    // A property of a property needs a script block, which costs ten times as much.
    private static object[] Value(string property, string? format) =>
        property.Contains('.', StringComparison.Ordinal)
        ? [new XElement("ScriptBlock", format is null ? $"$_.{property}" : $"'{{0:{format}}}' -f $_.{property}")]
        : [new XElement("PropertyName", property), .. format is null ? (object[])[] : [new XElement("FormatString", format)]];
}
