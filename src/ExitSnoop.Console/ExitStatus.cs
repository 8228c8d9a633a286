namespace ExitSnoop.Cli;

/// <summary>The exit status of the program. From 64 on, the numbers are those of sysexits.h, as in the original.</summary>
internal static class ExitStatus
{
    internal const int Success = 0;

    /// <summary>A process given with -p does not exist, or had not exited when the time limit was reached.</summary>
    internal const int NotSeen = 1;

    internal const int Usage = 2;

    /// <summary>EX_DATAERR: the file is not a recording, or is one of an unknown version.</summary>
    internal const int DataError = 65;

    /// <summary>EX_NOINPUT: there is no recording.</summary>
    internal const int NoInput = 66;

    /// <summary>EX_SOFTWARE: the BPF program cannot be loaded or attached.</summary>
    internal const int Software = 70;

    /// <summary>EX_CANTCREAT: the recording or the metrics cannot be written.</summary>
    internal const int CannotCreate = 73;

    /// <summary>EX_IOERR: standard output cannot be written. If its reader has closed it, that is not an error.</summary>
    internal const int OutputError = 74;

    /// <summary>EX_NOPERM: a privilege is missing.</summary>
    internal const int NoPermission = 77;
}
