using System.Management.Automation;

namespace ExitSnoop.Commands;

/// <summary>The paths of recordings, and the library's errors about them as PowerShell's.</summary>
internal static class RecordingErrors
{
    /// <summary>Where the service records.</summary>
    internal const string UsualPath = "/var/log/exitsnoop";

    /// <summary>The paths that a path with wildcards stands for; what is not there is a non-terminating error.</summary>
    /// <param name="cmdlet">Whose parameter it is.</param>
    /// <param name="path">As it was given.</param>
    internal static IEnumerable<string> Resolve(PSCmdlet cmdlet, string path)
    {
        try
        {
            return cmdlet.GetResolvedProviderPathFromPSPath(path, out _);
        }
        catch (ItemNotFoundException) when (path == UsualPath)
        {
            // The library says that there is none, and ToErrorRecord how one is made.
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
            record.ErrorDetails = new ErrorDetails($"There is no recording in {UsualPath}. Enable-ProcessExitRecording starts one.");
        return record;
    }
}
