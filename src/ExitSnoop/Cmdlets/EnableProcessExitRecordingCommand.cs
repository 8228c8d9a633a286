using System.Globalization;
using System.Management.Automation;
using System.Reflection;
using ExitSnoop.Commands.Parameters;
using ExitSnoop.Commands.Service;
using ExitSnoop.Linux;
using ExitSnoop.Recording;

namespace ExitSnoop.Commands;

/// <summary>Installs and starts the systemd service that records exits.</summary>
[Cmdlet(VerbsLifecycle.Enable, "ProcessExitRecording", SupportsShouldProcess = true, DefaultParameterSetName = FilterSet)]
[OutputType(typeof(ExitRecordingStatus))]
public sealed class EnableProcessExitRecordingCommand : ExitFilterCommand, IDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60), StartInterval = TimeSpan.FromMilliseconds(100);

    private readonly ManualResetEventSlim stopped = new();

    /// <summary>The maximum size of the recording in bytes.</summary>
    [Parameter]
    [ValidateRange(ExitRecorderOptions.SmallestSize, 1L << 60)]
    public long MaximumSize { get; set; } = 1L << 30;

    /// <summary>How long exits are kept.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan MaximumAge { get; set; } = TimeSpan.FromDays(30);

    /// <summary>The directory of the recording.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = RecordingErrors.UsualPath;

    /// <summary>A group that may read the recording.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Group { get; set; }

    /// <summary>Does not record the arguments of processes, which can contain passwords.</summary>
    [Parameter]
    public SwitchParameter NoArguments { get; set; }

    /// <summary>Writes the object that Get-ProcessExitRecording writes for the recording.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    public void Dispose() => stopped.Dispose();

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        // Looks up the users, so that a missing user is an error here and not in the service.
        _ = CreateFilter();
        string directory = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(GetUnresolvedProviderPathFromPSPath(Path)));
        RecordingUnit unit = new(RecordingProgram.Path, directory) { Group = Group, Options = [.. Options()] };
        if (!ShouldProcess(
            $"Install this unit as {RecordingUnit.File}, and start it:\n{unit}",
            $"Install {RecordingUnit.Name}, which records into {directory}, and start it?",
            "Record process exits",
            out ShouldProcessReason reason))
        {
            if (reason == ShouldProcessReason.WhatIf)
                WhatIf.Warn(this, () => Check(unit));
            return;
        }
        try
        {
            Check(unit);
            if (!NoArguments)
                WriteWarning($"Command lines, which can hold passwords, are kept in {directory} for {(Group is null ? "root" : $"root and the group {Group}")} to read. -NoArguments leaves the arguments out.");
            int newest = NewestSegment(directory);
            Install(unit);
            WaitUntilRecording(directory, newest);
            if (PassThru && !stopped.IsSet)
                WriteObject(ExitRecordingStatus.Read(directory));
        }
        catch (ServiceException error)
        {
            ThrowTerminatingError(error.ToErrorRecord(RecordingUnit.Name));
        }
        catch (ExitRecordingException error)
        {
            ThrowTerminatingError(error.ToErrorRecord([directory]));
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            ThrowTerminatingError(new ErrorRecord(refused, "CannotWrite", ErrorCategory.WriteError, RecordingUnit.Name));
        }
    }

    /// <inheritdoc/>
    protected override void StopProcessing() => stopped.Set();

    private static void Check(RecordingUnit unit)
    {
        if (!Systemd.IsRunning)
            throw new ServiceException(
                ServiceError.NoSystemd,
                $"systemd does not run here, so it cannot start a service. Let the service manager of this machine run this command as root: {string.Join(' ', (string[])[RecordingProgram.Carried ?? "exitsnoop", .. unit.Command.Skip(1)])}");
        if (FileCalls.EffectiveUser != 0)
            throw new ServiceException(ServiceError.NoPrivilege, "Installing a service needs root: sudo pwsh.");
        if (unit.Group is { } group && FileCalls.GroupId(group) is null)
            throw new ServiceException(ServiceError.GroupNotFound, $"There is no group '{group}'.");
        // Below /var/log systemd creates the directory, so it is not checked: on Ubuntu the group syslog can write to /var/log.
        if (!unit.MakesDirectory)
            RecordingProgram.Check(unit.Directory);
        if (RecordingFolder.IsRecording(unit.Directory) && ExitRecordingStatus.Read(unit.Directory) is { ServiceName: not RecordingUnit.Name } other)
            throw new ServiceException(
                ServiceError.InUse,
                $"{(other.RecorderId is { } id ? $"The process {id}" : "A process")} records into {unit.Directory} already. Stop it, or give another -Path.");
    }

    private static void Install(RecordingUnit unit)
    {
        RecordingProgram.Install();
        if (!unit.MakesDirectory)
            Directory.CreateDirectory(unit.Directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText(RecordingUnit.File, unit.ToString());
        File.SetUnixFileMode(RecordingUnit.File, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        Systemd.Control("daemon-reload");
        Systemd.Control("--quiet", "enable", RecordingUnit.Name);
        Systemd.Control("restart", RecordingUnit.Name);
    }

    /// <summary>Waits until the recorder has attached the BPF program. It begins a new segment then.</summary>
    private void WaitUntilRecording(string directory, int newestBefore)
    {
        long start = Environment.TickCount64;
        while (NewestSegment(directory) <= newestBefore || !RecordingFolder.IsRecording(directory))
        {
            (string state, string subState) = Systemd.StateOf(RecordingUnit.Name);
            if (state == "failed" || subState == "auto-restart" || Environment.TickCount64 - start > StartTime.TotalMilliseconds)
                throw new ServiceException(
                    ServiceError.ServiceNotStarted,
                    $"{RecordingUnit.Name} does not record: it is {state} ({subState}). Its last messages: {DisplayText.Escape(Systemd.LastMessages(RecordingUnit.Name))}");
            if (stopped.Wait(StartInterval))
                return;
        }
    }

    private static int NewestSegment(string directory) => Directory.Exists(directory) && RecordingFolder.Segments(directory) is [.., var last] ? last.Number : 0;

    /// <summary>The options of the program for the given parameters: --max-age for -MaximumAge, for example.</summary>
    private IEnumerable<string> Options()
    {
        if (IsGiven(nameof(MaximumSize)))
            yield return $"--max-size={MaximumSize.ToString(CultureInfo.InvariantCulture)}";
        if (IsGiven(nameof(MaximumAge)))
            yield return $"--max-age={MaximumAge.TotalSeconds.ToString(CultureInfo.InvariantCulture)}";
        if (NoArguments)
            yield return "--no-arguments";
        foreach (PropertyInfo filter in typeof(ExitFilterCommand).GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly))
        {
            if (!IsGiven(filter.Name))
                continue;
            // -ExcludeName is --exclude-name.
            string option = "-" + string.Concat(filter.Name.Select(c => char.IsUpper(c) ? $"-{char.ToLowerInvariant(c)}" : $"{c}"));
            bool isPattern = filter.IsDefined(typeof(SupportsWildcardsAttribute));
            foreach (object value in filter.GetValue(this) is Array many ? many : new[] { filter.GetValue(this)! })
            {
                if (value is SwitchParameter { IsPresent: false })
                    continue;
                yield return value switch
                {
                    SwitchParameter => option,
                    TimeSpan span => $"{option}={span.TotalSeconds.ToString(CultureInfo.InvariantCulture)}",
                    string pattern when isPattern => $"{option}={ToShellPattern(pattern)}",
                    _ => $"{option}={Convert.ToString(value, CultureInfo.InvariantCulture)}",
                };
            }
        }
    }

    private bool IsGiven(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);

    /// <summary>Converts a pattern of PowerShell to one of the shell: the escape character is a backslash instead of a backtick.</summary>
    private static string ToShellPattern(string pattern)
    {
        System.Text.StringBuilder text = new();
        for (int i = 0; i < pattern.Length; i++)
            text.Append(pattern[i] switch
            {
                '`' when i + 1 < pattern.Length => $"\\{pattern[++i]}",
                '\\' => "\\\\",
                char c => $"{c}",
            });
        return text.ToString();
    }
}
