using System.Management.Automation;

namespace ExitSnoop.Commands.Parameters;

/// <summary>Takes processes for their ids: what Get-Process, Start-Process -PassThru and Get-CimInstance give.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ProcessIdArgumentAttribute : ElementTransformationAttribute
{
    /// <inheritdoc/>
    protected override object? TransformElement(object? element)
    {
        // What is a number or a text, or has no id, is left to the engine's own conversion and its error.
        if (element is null)
            return null;
        PSObject process = PSObject.AsPSObject(element);
        return process.BaseObject is IConvertible ? element : (process.Properties["ProcessId"] ?? process.Properties["Id"] ?? process.Properties["Pid"])?.Value ?? element;
    }
}
