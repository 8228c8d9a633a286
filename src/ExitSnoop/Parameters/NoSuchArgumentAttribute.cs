using System.Collections;
using System.Management.Automation;

namespace ExitSnoop.Commands.Parameters;

/// <summary>Rejects arguments that no parameter accepts, and says what to write instead.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NoSuchArgumentAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        object? value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        object?[] words = value is IEnumerable many and not string ? [.. many.Cast<object?>()] : [value];
        if (words.Length == 0 || value is null)
            return inputData;
        foreach (object? word in words)
            ConsoleOption.Refuse(word);
        throw new ArgumentTransformationMetadataException(
            $"No parameter takes '{words[0]}'. IDs are separated by commas: Watch-ProcessExit 1, 2.");
    }
}
