using System.Management.Automation;

namespace ExitSnoop.Commands.Service;

/// <summary>Why a service could not be installed, started or removed. The names are used as error IDs.</summary>
internal enum ServiceError
{
    /// <summary>systemd does not run on this machine.</summary>
    NoSystemd,

    /// <summary>Only root may install or remove the service.</summary>
    NoPrivilege,

    /// <summary>The module has no console program.</summary>
    ProgramNotFound,

    /// <summary>There is no such group.</summary>
    GroupNotFound,

    /// <summary>Users other than root can write to a folder.</summary>
    Unsafe,

    /// <summary>Another recorder writes to the directory.</summary>
    InUse,

    /// <summary>The service was started but does not run.</summary>
    ServiceNotStarted,

    /// <summary>systemctl(1) failed.</summary>
    SystemdFailed,
}

/// <summary>A service could not be installed, started or removed. The message says why, and what to do.</summary>
internal sealed class ServiceException(ServiceError error, string message) : Exception(message)
{
    internal ErrorRecord ToErrorRecord(object? target) => new(this, error.ToString(), error switch
    {
        ServiceError.NoSystemd or ServiceError.ProgramNotFound => ErrorCategory.NotInstalled,
        ServiceError.NoPrivilege => ErrorCategory.PermissionDenied,
        ServiceError.Unsafe => ErrorCategory.SecurityError,
        ServiceError.InUse => ErrorCategory.ResourceBusy,
        ServiceError.GroupNotFound => ErrorCategory.ObjectNotFound,
        _ => ErrorCategory.OpenError,
    }, target);
}
