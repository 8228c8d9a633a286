using System.Management.Automation;
using ExitSnoop.Commands.Completion;
using ExitSnoop.Commands.Parameters;

namespace ExitSnoop.Commands;

/// <summary>The parameters that choose exits by what they are: the same for every cmdlet that traces, records or reads recordings.</summary>
public abstract class ExitFilterCommand : PSCmdlet
{
    /// <summary>The parameter set of the filters: the only one of a cmdlet that traces.</summary>
    protected const string FilterSet = "Filter";

    /// <summary>Only exits with a status other than 0, or by a signal.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [Alias("x")]
    public SwitchParameter Failed { get; set; }

    /// <summary>Only processes of these names; wildcards are allowed, and case does not matter.</summary>
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
    /// <remarks>Names, not the enum: PowerShell completes an enum by its members alone and asks no completer.</remarks>
    [Parameter(ParameterSetName = FilterSet)]
    [SignalArgument]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SignalCompleter))]
    public string[]? Signal { get; set; }

    /// <summary>Only processes that died by a fault or another signal with a core dump for its default, or were killed for memory.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    public SwitchParameter Crashed { get; set; }

    /// <summary>Only processes that the kernel's OOM killer killed.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    public SwitchParameter OomKilled { get; set; }

    /// <summary>Only processes whose executable has one of these paths; wildcards are allowed.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [SupportsWildcards]
    [Wildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ExecutablePathCompleter))]
    public string[]? ExecutablePath { get; set; }

    /// <summary>Only processes of these systemd services; <c>.service</c> may be left out, wildcards are allowed, and case does not matter.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [SupportsWildcards]
    [Wildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ServiceCompleter))]
    public string[]? Service { get; set; }

    /// <summary>Only processes in containers whose IDs begin so; wildcards are allowed, and case does not matter.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [SupportsWildcards]
    [Wildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ContainerIdCompleter))]
    public string[]? ContainerId { get; set; }

    /// <summary>Only processes of other names than these; wildcards are allowed, and case does not matter.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [SupportsWildcards]
    [Wildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ProcessNameCompleter))]
    public string[]? ExcludeName { get; set; }

    /// <summary>Only processes of other users than these, by name or ID.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(UserCompleter))]
    public string[]? ExcludeUser { get; set; }

    /// <summary>Only processes with one of these exit codes, as the property ExitCode shows them.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [ValidateRange(0, 255)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ExitCodeCompleter))]
    public int[]? ExitCode { get; set; }

    /// <summary>Only processes that lived at least this long.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [Seconds]
    public TimeSpan MinimumAge { get; set; }

    /// <summary>Only processes in this cgroup or below.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [OneText]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CgroupCompleter))]
    public string? Cgroup { get; set; }

    /// <summary>The exits that the parameters ask for.</summary>
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
