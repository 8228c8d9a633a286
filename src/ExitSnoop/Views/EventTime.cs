using System.Globalization;
using System.Management.Automation;

namespace ExitSnoop.Commands.Views;

/// <summary>
/// A time of an event: a DateTime for PowerShell, but with another text in files. Export-Csv converts it to text without a
/// format, so it would get the format of the culture, without fractions of a second. Instead it gets
/// "2026-11-22 13:42:01.688", which [datetime] reads in any culture and which spreadsheets read, too.
/// </summary>
internal sealed class EventTime(DateTime time) : PSObject(time)
{
    /// <inheritdoc/>
    public override string ToString() => Format((DateTime)BaseObject);

    internal static string Format(DateTime time) =>
        DisplayTime.ToWallClock(time).ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
}
