namespace ExitSnoop.Cli;

/// <summary>What the program itself exits with; from 64 on the numbers of sysexits.h, as the original has them.</summary>
internal static class ExitStatus
{
    internal const int Success = 0;

    /// <summary>A process asked for with -p does not exist, or had not exited when the time was up.</summary>
    internal const int NotSeen = 1;

    internal const int Usage = 2;

    /// <summary>EX_DATAERR: what is to be read is no recording, or one of an unknown version.</summary>
    internal const int DataError = 65;

    /// <summary>EX_NOINPUT: there is no recording.</summary>
    internal const int NoInput = 66;

    /// <summary>EX_SOFTWARE: the BPF program cannot be loaded or attached here.</summary>
    internal const int Software = 70;

    /// <summary>EX_CANTCREAT: the recording or the metrics cannot be written there.</summary>
    internal const int CannotCreate = 73;

    /// <summary>EX_IOERR: standard output takes no more, and not because its reader has left.</summary>
    internal const int OutputError = 74;

    /// <summary>EX_NOPERM.</summary>
    internal const int NoPermission = 77;
}
