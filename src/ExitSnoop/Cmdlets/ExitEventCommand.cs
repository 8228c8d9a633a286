using System.Management.Automation;
using ExitSnoop.Commands.Completion;
using ExitSnoop.Commands.Parameters;

namespace ExitSnoop.Commands;

/// <summary>The parameters of a cmdlet that writes events: which processes' they are, and how their times are shown.</summary>
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

    /// <summary>With -Id: all descendants of these processes too, orphans included.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    public SwitchParameter IncludeChildren { get; set; }

    /// <summary>Only children of these processes.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [ProcessIdArgument]
    [ValidateNotNullOrEmpty]
    [ValidateRange(0, int.MaxValue)]
    [ArgumentCompleter(typeof(ProcessIdCompleter))]
    public int[]? ParentId { get; set; }

    /// <summary>Times in UTC.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    public SwitchParameter Utc { get; set; }

    /// <summary>A text that each event carries; an empty one means "exit".</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [OneText]
    [AllowEmptyString]
    [ArgumentCompleter(typeof(LabelCompleter))]
    public string? Label { get; set; }

    /// <summary>Whether processes were to come through the pipeline and none came: then there is nothing to watch.</summary>
    protected bool NothingToWatch => MyInvocation.ExpectingInput && ids.Count == 0 && Id is null;

    /// <summary>Gathers the IDs that come through the pipeline.</summary>
    protected override void ProcessRecord()
    {
        if (Id is not null)
            ids.AddRange(Id);
    }

    /// <summary>The exits that the parameters ask for, once all input has come.</summary>
    protected override ExitTraceOptions CreateFilter() => base.CreateFilter() with
    {
        Ids = ids,
        IncludeChildren = IncludeChildren,
        ParentIds = ParentId ?? [],
        Utc = Utc,
        Label = Label is "" ? "exit" : Label,
    };
}
