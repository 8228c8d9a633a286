using System.Management.Automation;

namespace ExitSnoop.Commands;

/// <summary>Describes recordings: their span of time, how many exits they have and how many are missing, and whether a recorder runs.</summary>
[Cmdlet(VerbsCommon.Get, "ProcessExitRecording")]
[OutputType(typeof(ExitRecordingStatus))]
public sealed class GetProcessExitRecordingCommand : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource stopped = new();

    /// <summary>Directories with recordings. Wildcards are allowed.</summary>
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
                // Ctrl+C is stopping the pipeline. PowerShell reports that itself.
                return;
            }
        }
    }

    /// <inheritdoc/>
    protected override void StopProcessing() => stopped.Cancel();
}
