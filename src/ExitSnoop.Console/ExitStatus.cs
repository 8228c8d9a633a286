namespace ExitSnoop.Cli;

/// <summary>What the program itself exits with; from 64 on the numbers of sysexits.h, as the original has them.</summary>
internal static class ExitStatus
{
    internal const int Success = 0;

    /// <summary>A process asked for with -p does not exist, or had not exited when the time was up.</summary>
    internal const int NotSeen = 1;

    internal const int Usage = 2;

    /// <summary>EX_DATAERR: the file is not a recording, or is one of an unknown version.</summary>
    internal const int DataError = 65;

    /// <summary>EX_NOINPUT: there is no recording.</summary>
    internal const int NoInput = 66;

    /// <summary>EX_SOFTWARE: the BPF program cannot be loaded or attached here.</summary>
    internal const int Software = 70;

    /// <summary>EX_CANTCREAT: the recording or the metrics cannot be written there.</summary>
    internal const int CannotCreate = 73;

    /// <summary>EX_IOERR: standard output cannot be written, for another reason than that its reader has closed it.</summary>
    internal const int OutputError = 74;

    /// <summary>EX_NOPERM.</summary>
    internal const int NoPermission = 77;
}
