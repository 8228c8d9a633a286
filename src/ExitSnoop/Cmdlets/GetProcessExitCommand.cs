using System.Management.Automation;
using ExitSnoop.Commands.Parameters;

namespace ExitSnoop.Commands;

/// <summary>Reads recorded exits, newest first.</summary>
[Cmdlet(VerbsCommon.Get, "ProcessExit", DefaultParameterSetName = FilterSet)]
[OutputType(typeof(ExitEvent))]
public sealed class GetProcessExitCommand : ExitEventCommand, IDisposable
{
    private readonly CancellationTokenSource stopped = new();
    private readonly List<string> paths = [];
    private bool anyPath;

    /// <summary>Recordings: directories, segments, and files with one exit per line as JSON. Wildcards are allowed.</summary>
    [Parameter(ParameterSetName = FilterSet, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [RecordingErrors.UsualPath];

    /// <summary>Only processes with these IDs. This hides the inherited parameter, which accepts pipeline input.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [Alias("p", "Pid", "ProcessId")]
    [ProcessIdArgument]
    [ValidateNotNullOrEmpty]
    [ValidateRange(1, int.MaxValue)]
    public override int[]? Id { get; set; }

    /// <summary>Only the exits of this time before now.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [Seconds]
    public TimeSpan? Last { get; set; }

    /// <summary>Only exits at this time or later.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    public DateTime? After { get; set; }

    /// <summary>Only exits at this time or earlier.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    public DateTime? Before { get; set; }

    /// <summary>Ends after this many events; with -Wait, how many recorded events to show first.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [Alias("n")]
    [ValidateRange(1, int.MaxValue)]
    public int MaxEvents { get; set; } = int.MaxValue;

    /// <summary>Writes the oldest event first.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    public SwitchParameter Oldest { get; set; }

    /// <summary>Continues with exits that are recorded from now on.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    public SwitchParameter Wait { get; set; }

    /// <inheritdoc/>
    public void Dispose() => stopped.Dispose();

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (Last is not null && After is not null)
            throw Invalid("-Last and -After cannot be used together.");
        if (Wait && (Oldest || Before is not null))
            throw Invalid("-Wait cannot be used together with -Oldest or -Before.");
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        // The IDs of the parameter are added once, not for each file.
        if (!anyPath)
            base.ProcessRecord();
        anyPath = true;
        paths.AddRange(Path.SelectMany(path => RecordingErrors.Resolve(this, path)));
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (paths.Count == 0)
            return;
        try
        {
            ExitRecording recording = ExitRecording.Open(paths);
            ExitRecordingOptions options = new()
            {
                Filter = CreateFilter() with { MaxEvents = MaxEvents < int.MaxValue ? MaxEvents : null, StackTrace = true },
                After = Last is { } last ? DateTimeOffset.UtcNow - last : ToMoment(After),
                Before = ToMoment(Before),
                OldestFirst = Oldest,
                Follow = Wait,
            };
            bool found = false;
            foreach (ExitEvent exit in recording.ReadEvents(options, stopped.Token))
            {
                WarnOfFindings(recording);
                found = true;
                WriteObject(exit);
            }
            WarnOfFindings(recording);
            if (!found)
                WriteError(new ErrorRecord(
                    new ItemNotFoundException(string.Join(' ', ["No recorded exit matches the filters.", .. paths.Where(Directory.Exists).Select(OwnFilters)]).TrimEnd()),
                    "NoMatchingEventsFound", ErrorCategory.ObjectNotFound, paths));
        }
        catch (ExitRecordingException error)
        {
            ThrowTerminatingError(error.ToErrorRecord(paths));
        }
        catch (OperationCanceledException) when (stopped.IsCancellationRequested)
        {
            // Ctrl+C or Stop-Job is stopping the pipeline. PowerShell reports that itself.
        }
    }

    /// <inheritdoc/>
    protected override void StopProcessing() => stopped.Cancel();

    /// <summary>A text about the filters with which a recording was made; empty if there were none.</summary>
    private static string OwnFilters(string path) =>
        ExitRecordingStatus.Read(path).Filters is [_, ..] filters ? DisplayText.Escape($"The recording in {path} was made with filters, and has only: {filters}.") : "";

    private static DateTimeOffset? ToMoment(DateTime? time) => time is { } given ? new DateTimeOffset(given.ToUniversalTime()) : null;

    private void WarnOfFindings(ExitRecording recording)
    {
        while (recording.TryTakeFinding(out ExitRecordingFinding? finding))
            WriteWarning(DisplayText.Escape(finding.Message));
    }

    private static PSArgumentException Invalid(string message) => new(message);
}
