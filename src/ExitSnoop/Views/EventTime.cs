using System.Globalization;
using System.Management.Automation;

namespace ExitSnoop.Commands.Views;

/// <summary>
/// A time of an event: to PowerShell a DateTime like any other, but for its text in a file. Export-Csv asks for
/// a text without naming a format or a culture, and would get the culture's, without fractions of a second;
/// it gets "2026-11-22 13:42:01.688", which [datetime] reads in any culture, and spreadsheets read too.
/// </summary>
internal sealed class EventTime(DateTime time) : PSObject(time)
{
    /// <inheritdoc/>
    public override string ToString() => Format((DateTime)BaseObject);

    internal static string Format(DateTime time) =>
        DisplayTime.ToWallClock(time).ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
}
