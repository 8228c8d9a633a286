using System.Management.Automation;
using ExitSnoop.Commands.Parameters;

namespace ExitSnoop.Commands;

/// <summary>The parameters of a trace: which exits, and how the BPF program is set up.</summary>
public abstract class ExitTraceOptionsCommand : ExitEventCommand
{
    /// <summary>The exit of each thread instead of one event for each process.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    public SwitchParameter PerThread { get; set; }

    /// <summary>Only what the original shows: no sender, command, identity, resources or container.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    public SwitchParameter Basic { get; set; }

    /// <summary>The calls of each process that crashed.</summary>
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

    /// <summary>What the parameters ask for, once all input has come.</summary>
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
