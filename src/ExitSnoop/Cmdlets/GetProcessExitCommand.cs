using System.IO.Compression;
using System.Management.Automation;

namespace ExitSnoop.Commands;

/// <summary>Reads events from files with a line of JSON for each, as the console program writes them.</summary>
[Cmdlet(VerbsCommon.Get, "ProcessExit")]
[OutputType(typeof(ExitEvent))]
public sealed class GetProcessExitCommand : PSCmdlet
{
    private readonly List<ExitEvent> newestFirst = [];
    private int count;

    /// <summary>Files with a line of JSON for each event, compressed by gzip or not; wildcards are allowed.</summary>
    [Parameter(Position = 0, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>The oldest event first, as the files have them.</summary>
    [Parameter]
    public SwitchParameter Oldest { get; set; }

    /// <summary>Ends after so many events.</summary>
    [Parameter]
    [Alias("n")]
    [ValidateRange(1, int.MaxValue)]
    public int MaxEvents { get; set; } = int.MaxValue;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string file in Path.SelectMany(Resolve))
            ReadFile(file);
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        foreach (ExitEvent exit in newestFirst.OrderByDescending(exit => exit.ExitMoment))
            if (!Write(exit))
                break;
    }

    private IEnumerable<string> Resolve(string path)
    {
        try
        {
            return GetResolvedProviderPathFromPSPath(path, out _);
        }
        catch (ItemNotFoundException missing)
        {
            WriteError(new ErrorRecord(missing, "PathNotFound", ErrorCategory.ObjectNotFound, path));
            return [];
        }
    }

    private void ReadFile(string file)
    {
        try
        {
            Read(Lines(file), file, Oldest ? Write : Keep);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            WriteError(new ErrorRecord(unreadable, "FileNotReadable", ErrorCategory.ReadError, file));
        }
    }

    private static IEnumerable<string> Lines(string file)
    {
        using Stream bytes = File.OpenRead(file);
        using Stream text = file.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(bytes, CompressionMode.Decompress) : bytes;
        using StreamReader lines = new(text);
        while (lines.ReadLine() is { } line)
            yield return line;
    }

    /// <summary>Reads lines until an event is not taken any more.</summary>
    private void Read(IEnumerable<string> lines, string source, Func<ExitEvent, bool> take)
    {
        int number = 0;
        foreach (string line in lines)
        {
            if (Stopping)
                return;
            number++;
            if (string.IsNullOrWhiteSpace(line))
                continue;
            ExitEvent exit;
            try
            {
                exit = ExitEvent.FromJson(line);
            }
            catch (FormatException invalid)
            {
                // A line that was cut when its writer was killed, or that another program wrote.
                WriteError(new ErrorRecord(
                    new FormatException($"Line {number} of {source} is left out: {invalid.Message}", invalid),
                    "InvalidEvent", ErrorCategory.InvalidData, line));
                continue;
            }
            if (!take(exit))
                return;
        }
    }

    private bool Keep(ExitEvent exit)
    {
        newestFirst.Add(exit);
        return true;
    }

    /// <returns>Whether more is wanted.</returns>
    private bool Write(ExitEvent exit)
    {
        if (count < MaxEvents)
            WriteObject(exit);
        return ++count < MaxEvents;
    }
}
