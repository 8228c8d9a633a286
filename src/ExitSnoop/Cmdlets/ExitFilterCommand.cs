using System.Management.Automation;
using ExitSnoop.Commands.Completion;
using ExitSnoop.Commands.Parameters;

namespace ExitSnoop.Commands;

/// <summary>The filter parameters that all cmdlets have in common that trace exits, record them or read recordings.</summary>
public abstract class ExitFilterCommand : PSCmdlet
{
    /// <summary>The parameter set of the filters. It is the only one of a cmdlet that traces.</summary>
    protected const string FilterSet = "Filter";

    /// <summary>Only processes that exited with a status other than 0 or that a signal ended.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [Alias("x")]
    public SwitchParameter Failed { get; set; }

    /// <summary>Only processes with these names. Wildcards are allowed, and case is ignored.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [SupportsWildcards]
    [Wildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ProcessNameCompleter))]
    public virtual string[]? Name { get; set; }

    /// <summary>Only processes of these users, by name or ID.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(UserCompleter))]
    public string[]? User { get; set; }

    /// <summary>Only processes that one of these signals ended.</summary>
    /// <remarks>It takes names and not the enum, because PowerShell completes an enum only by its members and does not call a completer.</remarks>
    [Parameter(ParameterSetName = FilterSet)]
    [SignalArgument]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SignalCompleter))]
    public string[]? Signal { get; set; }

    /// <summary>Only processes that a fault, another signal whose default action is a core dump, or the OOM killer ended.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    public SwitchParameter Crashed { get; set; }

    /// <summary>Only processes that the kernel's OOM killer killed.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    public SwitchParameter OomKilled { get; set; }

    /// <summary>Only processes whose executable has one of these paths. Wildcards are allowed.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [SupportsWildcards]
    [Wildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ExecutablePathCompleter))]
    public string[]? ExecutablePath { get; set; }

    /// <summary>Only processes of these systemd services. <c>.service</c> may be left out, wildcards are allowed, and case is ignored.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [SupportsWildcards]
    [Wildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ServiceCompleter))]
    public string[]? Service { get; set; }

    /// <summary>Only processes in containers whose IDs begin with one of these texts. Wildcards are allowed, and case is ignored.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [SupportsWildcards]
    [Wildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ContainerIdCompleter))]
    public string[]? ContainerId { get; set; }

    /// <summary>No processes with these names. Wildcards are allowed, and case is ignored.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [SupportsWildcards]
    [Wildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ProcessNameCompleter))]
    public string[]? ExcludeName { get; set; }

    /// <summary>No processes of these users, by name or ID.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(UserCompleter))]
    public string[]? ExcludeUser { get; set; }

    /// <summary>Only processes with one of these exit codes, as in the property ExitCode.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [ValidateRange(0, 255)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ExitCodeCompleter))]
    public int[]? ExitCode { get; set; }

    /// <summary>Only processes that lived at least this long.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [Seconds]
    public TimeSpan MinimumAge { get; set; }

    /// <summary>Only processes in this cgroup or below it.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [OneText]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CgroupCompleter))]
    public string? Cgroup { get; set; }

    /// <summary>The filters of the parameters.</summary>
    protected virtual ExitTraceOptions CreateFilter() => new()
    {
        Failed = Failed,
        NameFilter = AnyOf(Name, WildcardOptions.IgnoreCase),
        ExcludedNameFilter = AnyOf(ExcludeName, WildcardOptions.IgnoreCase),
        PathFilter = AnyOf(ExecutablePath, WildcardOptions.None),
        ServiceFilter = AnyOf(Service, WildcardOptions.IgnoreCase),
        ContainerFilter = AnyOf(ContainerId?.Select(start => start + "*"), WildcardOptions.IgnoreCase),
        ExcludedUsers = ExcludeUser?.Select(FindUser).ToArray() ?? [],
        Crashed = Crashed,
        OomKilled = OomKilled,
        Users = User?.Select(FindUser).ToArray() ?? [],
        Signals = Signal?.Select(SignalArgumentAttribute.Parse).ToArray() ?? [],
        ExitCodes = ExitCode ?? [],
        MinimumAge = MinimumAge,
        Cgroup = Cgroup,
    };

    private static Func<string, bool>? AnyOf(IEnumerable<string>? texts, WildcardOptions options)
    {
        if (texts is null)
            return null;
        WildcardPattern[] patterns = [.. texts.Select(text => new WildcardPattern(text, options))];
        return text => Array.Exists(patterns, pattern => pattern.IsMatch(text));
    }

    private uint FindUser(string user)
    {
        if (!UserNames.TryGetId(user, out uint id))
            ThrowTerminatingError(new ErrorRecord(
                new ArgumentException($"There is no user '{user}'. Give a name or a user ID."),
                "UserNotFound", ErrorCategory.ObjectNotFound, user));
        return id;
    }
}
