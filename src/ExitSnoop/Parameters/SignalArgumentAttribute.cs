using System.Management.Automation;

namespace ExitSnoop.Commands.Parameters;

/// <summary>Accepts signals by any of their names (SEGV, SIGSEGV, sigsegv, 11, RTMIN+1), and converts them to the name that is shown.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SignalArgumentAttribute : ElementTransformationAttribute
{
    /// <inheritdoc/>
    protected override object TransformElement(object? element) => SignalNames.GetName(Parse(element?.ToString()));

    /// <summary>The signal of a name.</summary>
    /// <exception cref="ArgumentTransformationMetadataException">No signal that can end a process has this name.</exception>
    internal static Signal Parse(string? name) =>
        SignalNames.TryParse(name, out Signal signal) && signal != Signal.None
            ? signal
            : throw new ArgumentTransformationMetadataException(
                $"'{name}' is not a signal. Give a name or a number from 1 (HUP) to 64 (RTMAX), such as SEGV, SIGSEGV or 11.");
}
