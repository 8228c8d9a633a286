using System.Collections;
using System.Management.Automation;

namespace ExitSnoop.Commands.Parameters;

/// <summary>Transforms each value of a parameter, whether it is given alone or in an array.</summary>
[AttributeUsage(AttributeTargets.Property)]
public abstract class ElementTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public sealed override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) switch
        {
            // The validation of PowerShell reports null.
            null => null,
            IEnumerable many and not string => many.Cast<object?>().Select(TransformElement)
                .SelectMany(made => made is object?[] several ? several : [made]).ToArray(),
            _ => TransformElement(inputData),
        };

    /// <summary>Transforms one value, which may be a PSObject. The result can be an array of several values.</summary>
    protected abstract object? TransformElement(object? element);
}
