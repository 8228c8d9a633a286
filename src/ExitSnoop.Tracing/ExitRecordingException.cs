namespace ExitSnoop;

/// <summary>Why a recording could not be started or read.</summary>
public enum ExitRecordingError
{
    /// <summary>There is no such file or directory, there is no recording in it, or it cannot be read.</summary>
    NotFound,

    /// <summary>This user may not read or write the recording.</summary>
    NoPermission,

    /// <summary>A file is not a segment of a recording.</summary>
    NotARecording,

    /// <summary>The recording is of a version that this program does not know.</summary>
    UnknownVersion,

    /// <summary>Another recorder writes to the directory.</summary>
    InUse,

    /// <summary>Others can write to the directory.</summary>
    Unsafe,

    /// <summary>An option is out of its range, or needs another one.</summary>
    InvalidOption,

    /// <summary>The directory cannot be created or opened.</summary>
    CannotWrite,
}

/// <summary>A recording could not be started or read. The message says why and, if possible, what to do.</summary>
public sealed class ExitRecordingException : Exception
{
    /// <summary>Initializes the exception.</summary>
    /// <param name="error">The reason.</param>
    /// <param name="message">The reason in words, and what to do about it.</param>
    /// <param name="cause">The exception that caused this one; null if there is none.</param>
    public ExitRecordingException(ExitRecordingError error, string message, Exception? cause = null)
        : base(message, cause) => Error = error;

    /// <summary>The reason.</summary>
    public ExitRecordingError Error { get; }
}
