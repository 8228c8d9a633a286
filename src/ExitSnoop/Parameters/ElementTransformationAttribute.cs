using System.Collections;
using System.Management.Automation;

namespace ExitSnoop.Commands.Parameters;

/// <summary>Makes of each value that a parameter is given, alone or among others, what the parameter takes.</summary>
[AttributeUsage(AttributeTargets.Property)]
public abstract class ElementTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public sealed override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) switch
        {
            // The engine's own validation says what is wrong with nothing.
            null => null,
            IEnumerable many and not string => many.Cast<object?>().Select(TransformElement)
                .SelectMany(made => made is object?[] several ? several : [made]).ToArray(),
            _ => TransformElement(inputData),
        };

    /// <summary>One value, which may be wrapped. It can become an array of several.</summary>
    protected abstract object? TransformElement(object? element);
}
