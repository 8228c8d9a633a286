using System.Collections;
using System.Management.Automation;

namespace ExitSnoop.Commands;

/// <summary>Takes processes for their ids: what Get-Process, Start-Process -PassThru and Get-CimInstance give.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ProcessIdArgumentAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        object? value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value is IEnumerable many and not string ? many.Cast<object?>().Select(IdOf).ToArray() : IdOf(inputData);
    }

    // What is a number or a text, or has no id, is left to the engine's own conversion and its error.
    private static object? IdOf(object? item)
    {
        if (item is null)
            return null;
        PSObject process = PSObject.AsPSObject(item);
        return process.BaseObject is IConvertible ? item : (process.Properties["ProcessId"] ?? process.Properties["Id"] ?? process.Properties["Pid"])?.Value ?? item;
    }
}
