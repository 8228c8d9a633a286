using System.Management.Automation;
using ExitSnoop.Commands.Parameters;

namespace ExitSnoop.Commands;

/// <summary>The parameters of a trace: filters, and how the BPF program is loaded.</summary>
public abstract class ExitTraceOptionsCommand : ExitEventCommand
{
    /// <summary>One event for each thread instead of one for each process.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    public SwitchParameter PerThread { get; set; }

    /// <summary>Only what the original exitsnoop shows: no sender, command, identity, resources or container.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    public SwitchParameter Basic { get; set; }

    /// <summary>Sets the property StackTrace for processes that crashed.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    public SwitchParameter StackTrace { get; set; }

    /// <summary>The size of the ring buffers of all processors together in MiB, a power of two.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [BufferSize]
    public int BufferSize { get; set; } = ExitTraceOptions.DefaultBufferSize;

    /// <summary>A file with the kernel's type information, for a kernel that has none of its own.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [OneText]
    [ValidateNotNullOrEmpty]
    public string? BtfPath { get; set; }

    /// <summary>The options of the parameters. Called after all pipeline input was processed.</summary>
    protected ExitTraceOptions CreateOptions(Action<string>? log = null) => CreateFilter() with
    {
        PerThread = PerThread,
        Basic = Basic,
        StackTrace = StackTrace,
        BufferSize = BufferSize,
        BtfPath = BtfPath is null ? null : GetUnresolvedProviderPathFromPSPath(BtfPath),
        Log = log,
    };
}
