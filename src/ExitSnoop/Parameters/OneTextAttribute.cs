using System.Collections;
using System.Management.Automation;

namespace ExitSnoop.Commands.Parameters;

/// <summary>Accepts one text. The error for several texts says so, where PowerShell would only say that it cannot convert them.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OneTextAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        object? value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (value is not IEnumerable many || value is string)
            return inputData;
        object?[] texts = [.. many.Cast<object?>()];
        return texts.Length == 1
            ? texts[0]
            : throw new ArgumentTransformationMetadataException($"The parameter takes one value and was given {texts.Length}: {string.Join(", ", texts)}.");
    }
}
