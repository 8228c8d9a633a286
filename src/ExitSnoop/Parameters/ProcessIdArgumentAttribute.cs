using System.Management.Automation;

namespace ExitSnoop.Commands.Parameters;

/// <summary>
/// Accepts, besides IDs, the processes that Get-Process, Start-Process -PassThru and Get-CimInstance return, and lines of
/// text with one or several IDs, as pgrep and pidof print them.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ProcessIdArgumentAttribute : ElementTransformationAttribute
{
    /// <inheritdoc/>
    protected override object? TransformElement(object? element)
    {
        if (element is null)
            return null;
        PSObject process = PSObject.AsPSObject(element);
        if (process.BaseObject is string text)
        {
            ConsoleOption.Refuse(text);
            string[] ids = text.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries);
            return ids.Length > 1 ? ids : element;
        }
        // PowerShell itself converts numbers, and reports objects without an ID.
        return process.BaseObject is IConvertible ? element : (process.Properties["ProcessId"] ?? process.Properties["Id"] ?? process.Properties["Pid"])?.Value ?? element;
    }
}
