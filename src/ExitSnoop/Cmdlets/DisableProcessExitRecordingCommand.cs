using System.Management.Automation;
using ExitSnoop.Commands.Service;
using ExitSnoop.Linux;
using ExitSnoop.Recording;

namespace ExitSnoop.Commands;

/// <summary>Stops the systemd service that records exits and, with -Remove, removes it with its recording.</summary>
[Cmdlet(VerbsLifecycle.Disable, "ProcessExitRecording", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class DisableProcessExitRecordingCommand : PSCmdlet
{
    /// <summary>Deletes the service, its copy of the program and the recording.</summary>
    [Parameter]
    public SwitchParameter Remove { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        string directory = RecordingUnit.InstalledDirectory() ?? RecordingErrors.UsualPath;
        string action = Remove
            ? $"Stop {RecordingUnit.Name}, and delete it, {RecordingProgram.Folder} and the recording in {directory}"
            : $"Stop {RecordingUnit.Name}, and do not start it again. The recording in {directory} stays";
        if (!ShouldProcess(action, action + "?", "Stop recording process exits", out ShouldProcessReason reason))
        {
            if (reason == ShouldProcessReason.WhatIf)
                WhatIf.Warn(this, Check);
            return;
        }
        if (Remove && !IsConfirmed(action + "?"))
            return;
        try
        {
            Check();
            Stop();
            if (Remove)
                RemoveAll(directory);
        }
        catch (ServiceException error)
        {
            ThrowTerminatingError(error.ToErrorRecord(RecordingUnit.Name));
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            ThrowTerminatingError(new ErrorRecord(refused, "CannotRemove", ErrorCategory.WriteError, RecordingUnit.Name));
        }
    }

    private static void Check()
    {
        if (!Systemd.IsRunning)
            throw new ServiceException(ServiceError.NoSystemd, "systemd does not run here, so there is no service to stop.");
        if (FileCalls.EffectiveUser != 0)
            throw new ServiceException(ServiceError.NoPrivilege, "Stopping a service needs root: sudo pwsh.");
    }

    private void Stop()
    {
        if (Systemd.StateOf(RecordingUnit.Name) is ("inactive", _) && !File.Exists(RecordingUnit.File))
            WriteVerbose($"There is no {RecordingUnit.Name} of this module.");
        else
            Systemd.Control("--quiet", "disable", "--now", RecordingUnit.Name);
    }

    /// <summary>-Remove deletes the recording permanently, so it asks for confirmation, like a cmdlet of high impact.</summary>
    private bool IsConfirmed(string question) =>
        MyInvocation.BoundParameters.ContainsKey("Confirm")
        || SessionState.PSVariable.GetValue("ConfirmPreference") is ConfirmImpact.None
        || ShouldContinue(question, "Delete the recording");

    private static void RemoveAll(string directory)
    {
        File.Delete(RecordingUnit.File);
        Systemd.Control("daemon-reload");
        RecordingProgram.Remove();
        if (Directory.Exists(RecordingUnit.RuntimeDirectory))
            Directory.Delete(RecordingUnit.RuntimeDirectory, recursive: true);
        if (!Directory.Exists(directory))
            return;
        foreach ((int _, string segment) in RecordingFolder.Segments(directory))
            File.Delete(segment);
        // Other files in the directory do not belong to the recorder and are kept.
        if (!Directory.EnumerateFileSystemEntries(directory).Any())
            Directory.Delete(directory);
    }
}
