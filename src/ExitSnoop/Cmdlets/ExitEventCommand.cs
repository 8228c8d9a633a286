using System.Management.Automation;
using ExitSnoop.Commands.Completion;
using ExitSnoop.Commands.Parameters;

namespace ExitSnoop.Commands;

/// <summary>The parameters of a cmdlet that writes events: which processes to select, and how their times are shown.</summary>
public abstract class ExitEventCommand : ExitFilterCommand
{
    private readonly List<int> ids = [];

    /// <summary>Only the processes with these IDs. The trace ends when all of them have exited.</summary>
    [Parameter(ParameterSetName = FilterSet, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("p", "Pid", "ProcessId")]
    [ProcessIdArgument]
    [ValidateNotNullOrEmpty]
    [ValidateRange(1, int.MaxValue)]
    [ArgumentCompleter(typeof(ProcessIdCompleter))]
    public virtual int[]? Id { get; set; }

    /// <summary>Also all descendants of the processes in -Id, orphans included.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    public SwitchParameter IncludeChildren { get; set; }

    /// <summary>Only children of these processes.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [ProcessIdArgument]
    [ValidateNotNullOrEmpty]
    [ValidateRange(0, int.MaxValue)]
    [ArgumentCompleter(typeof(ProcessIdCompleter))]
    public int[]? ParentId { get; set; }

    /// <summary>Shows times in UTC instead of local time.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    public SwitchParameter Utc { get; set; }

    /// <summary>A text for the property Label of each event; an empty one means "exit".</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [OneText]
    [AllowEmptyString]
    [ArgumentCompleter(typeof(LabelCompleter))]
    public string? Label { get; set; }

    /// <summary>Whether processes were expected from the pipeline and none came, so that there is nothing to watch.</summary>
    protected bool NothingToWatch => MyInvocation.ExpectingInput && ids.Count == 0 && Id is null;

    /// <summary>Collects the IDs from the pipeline.</summary>
    protected override void ProcessRecord()
    {
        if (Id is not null)
            ids.AddRange(Id);
    }

    /// <summary>The filters of the parameters. Called after all pipeline input was processed.</summary>
    protected override ExitTraceOptions CreateFilter() => base.CreateFilter() with
    {
        Ids = ids,
        IncludeChildren = IncludeChildren,
        ParentIds = ParentId ?? [],
        Utc = Utc,
        Label = Label is "" ? "exit" : Label,
    };
}
