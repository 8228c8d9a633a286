using System.Management.Automation;

namespace ExitSnoop.Commands;

/// <summary>Says what a recording has, what is missing in it, and whether a recorder writes to it.</summary>
[Cmdlet(VerbsCommon.Get, "ProcessExitRecording")]
[OutputType(typeof(ExitRecordingStatus))]
public sealed class GetProcessExitRecordingCommand : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource stopped = new();

    /// <summary>Directories with recordings; wildcards are allowed.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [RecordingErrors.UsualPath];

    /// <inheritdoc/>
    public void Dispose() => stopped.Dispose();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string path in Path.SelectMany(path => RecordingErrors.Resolve(this, path)))
        {
            try
            {
                WriteObject(ExitRecordingStatus.Read(path, stopped.Token));
            }
            catch (ExitRecordingException error)
            {
                WriteError(error.ToErrorRecord([path]));
            }
            catch (OperationCanceledException) when (stopped.IsCancellationRequested)
            {
                // Ctrl+C: the pipeline is being stopped, and says so itself.
                return;
            }
        }
    }

    /// <inheritdoc/>
    protected override void StopProcessing() => stopped.Cancel();
}
