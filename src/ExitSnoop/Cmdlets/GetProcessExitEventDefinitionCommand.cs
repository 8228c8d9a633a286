using System.Management.Automation;

namespace ExitSnoop.Commands;

/// <summary>Tells what an event is, field by field, or shows the BPF program. Needs no privilege and loads nothing.</summary>
[Cmdlet(VerbsCommon.Get, "ProcessExitEventDefinition")]
[OutputType(typeof(ExitEventField), typeof(string))]
public sealed class GetProcessExitEventDefinitionCommand : ExitFilterCommand
{
    /// <summary>The BPF C program as text, headed by what the other parameters set in it.</summary>
    [Parameter]
    public SwitchParameter Source { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (Source)
            WriteObject(ExitProgramSource.GetText(CreateOptions(), MyInvocation.Line.Trim()));
        else
            WriteObject(ExitEventDefinition.Fields, enumerateCollection: true);
    }
}
