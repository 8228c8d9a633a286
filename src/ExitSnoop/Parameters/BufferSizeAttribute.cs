using System.Management.Automation;

namespace ExitSnoop.Commands.Parameters;

/// <summary>Takes the sizes that a buffer between kernel and session can have, and names them where it is given another.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class BufferSizeAttribute : ValidateArgumentsAttribute
{
    /// <inheritdoc/>
    protected override void Validate(object arguments, EngineIntrinsics engineIntrinsics)
    {
        if (arguments is int size && !ExitTraceOptions.IsBufferSize(size))
            throw new ValidationMetadataException(
                $"A buffer cannot have {size} MiB: the size is a power of two from {ExitTraceOptions.MinimumBufferSize} to {ExitTraceOptions.MaximumBufferSize}.");
    }
}
