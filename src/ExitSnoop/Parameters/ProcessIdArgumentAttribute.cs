using System.Management.Automation;

namespace ExitSnoop.Commands.Parameters;

/// <summary>
/// Takes processes for their IDs: what Get-Process, Start-Process -PassThru and Get-CimInstance give, and lines
/// of text with one ID or several, as pgrep, pidof and files have them.
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
        // What is a number, or has no ID, is left to the engine's own conversion and its error.
        return process.BaseObject is IConvertible ? element : (process.Properties["ProcessId"] ?? process.Properties["Id"] ?? process.Properties["Pid"])?.Value ?? element;
    }
}
