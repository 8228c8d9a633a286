using System.Collections;
using System.Management.Automation;

namespace ExitSnoop.Commands;

/// <summary>Takes signals by any of their names (SEGV, SIGSEGV, sigsegv, 11, RTMIN+1), and makes them the one that is shown.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SignalArgumentAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        object? value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value switch
        {
            // The engine's own validation says what is wrong with nothing.
            null => value,
            IEnumerable many and not string => many.Cast<object>().Select(Name).ToArray(),
            _ => Name(value),
        };
    }

    /// <summary>The signal of a name.</summary>
    /// <exception cref="ArgumentTransformationMetadataException">No signal that can end a process has it.</exception>
    internal static Signal Parse(string? name) =>
        SignalNames.TryParse(name, out Signal signal) && signal != Signal.None
            ? signal
            : throw new ArgumentTransformationMetadataException(
                $"'{name}' is no signal that can end a process. Give a name or a number from 1 (HUP) to 64 (RTMAX), such as SEGV, SIGSEGV or 11.");

    private static string Name(object? value) => SignalNames.GetName(Parse(value?.ToString()));
}
