using System.Management.Automation;

namespace ExitSnoop.Commands.Parameters;

/// <summary>Accepts valid buffer sizes in MiB. The error for another value names the valid ones.</summary>
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
