using System.Management.Automation;
using ExitSnoop.Commands.Service;

namespace ExitSnoop.Commands;

/// <summary>Resolves paths of recordings, and converts the library's errors about them to error records.</summary>
internal static class RecordingErrors
{
    /// <summary>The default directory of the service's recording.</summary>
    internal const string UsualPath = "/var/log/exitsnoop";

    /// <summary>The paths that match a path with wildcards. If there are none, a non-terminating error is written.</summary>
    /// <param name="cmdlet">The cmdlet that has the parameter.</param>
    /// <param name="path">The value of the parameter.</param>
    internal static IEnumerable<string> Resolve(PSCmdlet cmdlet, string path)
    {
        try
        {
            return cmdlet.GetResolvedProviderPathFromPSPath(path, out _);
        }
        catch (ItemNotFoundException) when (path == UsualPath)
        {
            // The library reports that there is no recording, and ToErrorRecord adds how to make one.
            return [path];
        }
        catch (ItemNotFoundException missing)
        {
            cmdlet.WriteError(new ErrorRecord(missing, "PathNotFound", ErrorCategory.ObjectNotFound, path));
            return [];
        }
    }

    internal static ErrorRecord ToErrorRecord(this ExitRecordingException error, IReadOnlyCollection<string> paths)
    {
        ErrorRecord record = new(error, $"{error.Error}", error.Error switch
        {
            ExitRecordingError.NotFound => ErrorCategory.ObjectNotFound,
            ExitRecordingError.NoPermission => ErrorCategory.PermissionDenied,
            ExitRecordingError.InvalidOption => ErrorCategory.InvalidArgument,
            _ => ErrorCategory.InvalidData,
        }, paths);
        if (error.Error == ExitRecordingError.NotFound && paths.Contains(UsualPath))
            record.ErrorDetails = new ErrorDetails($"There is no recording in {UsualPath}. Enable-ProcessExitRecording starts one. Without systemd, this command does, as root: {RecordingProgram.Carried ?? "exitsnoop"} --record {UsualPath}");
        return record;
    }
}
