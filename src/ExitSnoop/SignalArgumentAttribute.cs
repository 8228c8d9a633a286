using System.Collections;
using System.Management.Automation;

namespace ExitSnoop.Commands;

/// <summary>Takes signals by any of their names: SEGV, SIGSEGV, sigsegv, 11, RTMIN+1.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SignalArgumentAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value is IEnumerable many and not string
            ? many.Cast<object>().Select(One).ToArray()
            : One(value);
    }

    private static object One(object value) =>
        SignalNames.TryParse(value.ToString(), out Signal signal) && signal != Signal.None
            ? signal
            : throw new ArgumentTransformationMetadataException(
                $"'{value}' is no signal that can end a process. Give a name or a number from 1 (HUP) to 64 (RTMAX), such as SEGV, SIGSEGV or 11.");
}
