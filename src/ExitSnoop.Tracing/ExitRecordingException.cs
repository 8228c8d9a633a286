namespace ExitSnoop;

/// <summary>Why a recording could not be begun or read.</summary>
public enum ExitRecordingError
{
    /// <summary>There is no such file or directory, or no recording in it.</summary>
    NotFound,

    /// <summary>This user may not read or write it.</summary>
    NoPermission,

    /// <summary>A file is not a segment of a recording.</summary>
    NotARecording,

    /// <summary>The recording is of a version that this program does not know.</summary>
    UnknownVersion,

    /// <summary>Another recorder writes to the directory.</summary>
    InUse,

    /// <summary>Others can write to the directory.</summary>
    Unsafe,

    /// <summary>An option is out of its range.</summary>
    InvalidOption,

    /// <summary>The directory cannot be made, opened or written to.</summary>
    CannotWrite,
}

/// <summary>A recording could not be begun or read. The message says what to do, where something can be done.</summary>
public sealed class ExitRecordingException : Exception
{
    /// <summary>Makes an exception.</summary>
    /// <param name="error">Why.</param>
    /// <param name="message">Why, and what to do about it.</param>
    /// <param name="cause">The exception behind it, if any.</param>
    public ExitRecordingException(ExitRecordingError error, string message, Exception? cause = null)
        : base(message, cause) => Error = error;

    /// <summary>Why, for programs.</summary>
    public ExitRecordingError Error { get; }
}
