using System.Globalization;
using ExitSnoop.Cli.Native;

namespace ExitSnoop.Cli.Arguments;

/// <summary>The meaning of a command line.</summary>
internal sealed record CommandLine
{
    internal RunMode Mode { get; init; }

    /// <summary>The options of the trace.</summary>
    internal ExitTraceOptions Trace { get; init; } = new();

    /// <summary>Where to record exits; null if they are not recorded.</summary>
    internal ExitRecorderOptions? Recorder { get; init; }

    /// <summary>The recordings to read.</summary>
    internal IReadOnlyList<string> Recordings { get; init; } = [];

    /// <summary>What to read from them.</summary>
    internal ExitRecordingOptions Reading { get; init; } = new();

    internal View View { get; init; }

    /// <summary>Whether the table has the TIME column.</summary>
    internal bool Timestamp { get; init; }

    internal bool Verbose { get; init; }

    /// <summary>Whether --timespec was given, which has no effect.</summary>
    internal bool Timespec { get; init; }

    /// <exception cref="UsageException">The command line is wrong.</exception>
    internal static CommandLine Read(ReadOnlySpan<string> words)
    {
        List<(OptionId Option, string? Value)> options = CommandLineParser.Parse(words);
        if (options.Count > 0 && options[^1].Option is OptionId.Help)
            return new CommandLine { Mode = RunMode.Help };
        if (options.Count > 0 && options[^1].Option is OptionId.Version)
            return new CommandLine { Mode = RunMode.Version };

        RunMode mode = RunMode.Watch;
        OptionId? view = null;
        bool timestamp = false, utc = false, failed = false, perThread = false, includeChildren = false, crashed = false, oomKilled = false;
        bool basic = false, stackTrace = false, verbose = false, debug = false, timespec = false;
        string? label = null, cgroup = null, btfPath = null, metrics = null;
        List<int> ids = [], parents = [], exitCodes = [];
        List<uint> users = [], excludedUsers = [];
        List<Signal> signals = [];
        List<WildcardPattern> names = [], excludedNames = [], paths = [], services = [], containers = [];
        OptionId? needsDetail = null;
        TimeSpan minimumAge = TimeSpan.Zero;
        TimeSpan? timeLimit = null;
        long? maxEvents = null;
        int bufferSize = new ExitTraceOptions().BufferSize;
        RecordingArguments recording = new();

        foreach ((OptionId option, string? given) in options)
        {
            string value = given ?? "";
            recording.Take(option, value);
            switch (option)
            {
                case OptionId.Timestamp: timestamp = true; break;
                case OptionId.Utc: utc = timestamp = true; break;
                case OptionId.Pid: AddIds(ids, option, value); break;
                // The original prints "exit" for an empty label.
                case OptionId.Label: label = value.Length == 0 ? "exit" : value; break;
                case OptionId.Failed: failed = true; break;
                case OptionId.PerThread: perThread = true; break;
                case OptionId.Ebpf: mode = RunMode.ProgramSource; break;
                case OptionId.Timespec: timespec = true; break;

                case OptionId.IncludeChildren: includeChildren = true; break;
                case OptionId.Parent: AddIds(parents, option, value); break;
                case OptionId.Name: names.Add(new WildcardPattern(value, ignoreCase: true)); break;
                case OptionId.ExcludeName: excludedNames.Add(new WildcardPattern(value, ignoreCase: true)); break;
                case OptionId.ExecutablePath:
                    needsDetail = option;
                    paths.Add(new WildcardPattern(value, ignoreCase: false));
                    break;
                case OptionId.Service:
                    needsDetail = option;
                    services.Add(new WildcardPattern(value, ignoreCase: true));
                    break;
                case OptionId.ContainerId:
                    needsDetail = option;
                    containers.Add(new WildcardPattern(value + "*", ignoreCase: true));
                    break;
                case OptionId.User: AddUsers(users, option, value); break;
                case OptionId.ExcludeUser:
                    needsDetail = option;
                    AddUsers(excludedUsers, option, value);
                    break;
                case OptionId.Crashed:
                    needsDetail = option;
                    crashed = true;
                    break;
                case OptionId.OomKilled:
                    needsDetail = option;
                    oomKilled = true;
                    break;
                case OptionId.Signal: AddSignals(signals, value); break;
                case OptionId.ExitCode:
                    foreach (string code in value.Split(','))
                        exitCodes.Add(Number(option, code, 0, 255));
                    break;
                case OptionId.MinimumAge: minimumAge = Seconds(option, value); break;
                case OptionId.Cgroup: cgroup = value; break;

                case OptionId.Why:
                case OptionId.Json:
                    if (view is { } other && other != option)
                        throw NotAllowed(option, other);
                    view = option;
                    break;
                case OptionId.StackTrace: stackTrace = true; break;
                case OptionId.Metrics:
                    needsDetail = option;
                    metrics = RecordingArguments.NotEmpty(option, value);
                    break;
                case OptionId.MaxEvents: maxEvents = Number(option, value, 1, int.MaxValue); break;
                case OptionId.TimeLimit: timeLimit = Seconds(option, value); break;

                case OptionId.Basic: basic = true; break;
                case OptionId.BufferSize: bufferSize = PowerOfTwo(option, value); break;
                case OptionId.BtfPath: btfPath = value; break;
                case OptionId.Verbose: verbose = true; break;
                case OptionId.Debug: verbose = debug = true; break;
            }
        }

        if (includeChildren && ids.Count == 0)
            throw new UsageException("argument --include-children: needs -p/--pid");
        if (basic && view is OptionId.Why)
            throw NotAllowed(OptionId.Why, OptionId.Basic);
        if (basic && stackTrace)
            throw NotAllowed(OptionId.StackTrace, OptionId.Basic);

        recording.Check([.. options.Select(each => each.Option)]);
        if (perThread && metrics is not null)
            throw NotAllowed(OptionId.PerThread, OptionId.Metrics);
        if (basic && needsDetail is { } detail)
            throw NotAllowed(detail, OptionId.Basic);

        // The table shows no details, but some filters need them: a name is also compared with the path of the executable.
        bool needsDetails = view is not null || names.Count > 0 || excludedNames.Count > 0 || needsDetail is not null || stackTrace || recording.IsRecorded;

        ExitTraceOptions trace = new()
        {
            Ids = ids,
            IncludeChildren = includeChildren,
            Failed = failed,
            PerThread = perThread,
            Utc = utc,
            Label = label,
            Basic = basic || !needsDetails,
            StackTrace = stackTrace || (recording.IsRecorded && !basic),
            BufferSize = bufferSize,
            Users = users,
            Signals = signals,
            ExitCodes = exitCodes,
            ParentIds = parents,
            MaxEvents = maxEvents,
            TimeLimit = timeLimit,
            MinimumAge = minimumAge,
            Cgroup = cgroup,
            NameFilter = AnyOf(names),
            ExcludedNameFilter = AnyOf(excludedNames),
            PathFilter = AnyOf(paths),
            ServiceFilter = AnyOf(services),
            ContainerFilter = AnyOf(containers),
            ExcludedUsers = excludedUsers,
            Crashed = crashed,
            OomKilled = oomKilled,
            BtfPath = btfPath,
            MetricsFile = metrics,
            Log = debug ? StandardError.WriteLine : null,
        };
        // A table of recorded events always shows their times.
        bool isTable = !recording.IsRead || options.Exists(each => each.Option == OptionId.Timestamp);
        // With --metrics, exits are printed only if an option for the output is given.
        bool isPrinted = metrics is null || timestamp || label is not null || stackTrace;
        return new CommandLine
        {
            Mode = recording.IsRecorded ? RunMode.Record : recording.IsRead ? RunMode.Read : mode,
            View = view switch { OptionId.Json => View.Json, null when !isPrinted => View.None, null when isTable => View.Table, _ => View.Why },
            Timestamp = timestamp,
            Verbose = verbose,
            Timespec = timespec,
            Trace = trace,
            Recorder = recording.Recorder,
            Recordings = recording.Recordings,
            Reading = recording.Reading(trace, DateTimeOffset.UtcNow),
        };
    }

    private static void AddIds(List<int> ids, OptionId option, string value)
    {
        foreach (string id in value.Split(','))
            ids.Add(Number(option, id, 1, int.MaxValue));
    }

    private static Func<string, bool>? AnyOf(List<WildcardPattern> patterns) =>
        patterns.Count == 0 ? null : text => patterns.Exists(pattern => pattern.IsMatch(text));

    private static void AddUsers(List<uint> users, OptionId option, string value)
    {
        foreach (string user in value.Split(','))
        {
            if (!UserNames.TryGetId(user, out uint id))
                throw Invalid(option, user, "there is no such user");
            users.Add(id);
        }
    }

    private static void AddSignals(List<Signal> signals, string value)
    {
        foreach (string name in value.Split(','))
        {
            if (!SignalNames.TryParse(name, out Signal signal) || signal == Signal.None)
                throw Invalid(OptionId.Signal, name, "not a signal, such as SEGV, SIGSEGV, 11 or RTMIN+1");
            signals.Add(signal);
        }
    }

    internal static int Number(OptionId option, string text, int lowest, int highest)
    {
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number < lowest || number > highest)
            throw Invalid(option, text, highest == int.MaxValue ? $"not a number from {lowest} on" : $"not a number from {lowest} to {highest}");
        return number;
    }

    private static int PowerOfTwo(OptionId option, string text)
    {
        const int lowest = ExitTraceOptions.MinimumBufferSize, highest = ExitTraceOptions.MaximumBufferSize;
        int number = Number(option, text, lowest, highest);
        return ExitTraceOptions.IsBufferSize(number) ? number : throw Invalid(option, text, "not a power of two");
    }

    private static TimeSpan Seconds(OptionId option, string text)
    {
        const double Highest = ExitTraceOptions.MaximumSeconds;
        if (!double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) || !(seconds <= Highest))
            throw Invalid(option, text, "not a number of seconds from 0 to 1000000000");
        return TimeSpan.FromSeconds(seconds);
    }

    internal static UsageException Invalid(OptionId option, string value, string reason) =>
        new($"argument {DisplayName(option)}: invalid value '{value}': {reason}");

    internal static UsageException NotAllowed(OptionId option, OptionId other) =>
        new($"argument {DisplayName(option)}: not allowed with argument {DisplayName(other)}");

    internal static string DisplayName(OptionId option) => Array.Find(CommandLineOption.All, definition => definition.Id == option).DisplayName;
}

/// <summary>What the program does.</summary>
internal enum RunMode
{
    Watch,
    Record,
    Read,
    Help,
    Version,
    ProgramSource,
}

/// <summary>How events are shown.</summary>
internal enum View
{
    /// <summary>The columns of the original.</summary>
    Table,

    /// <summary>Columns with the reason of the exit and the command.</summary>
    Why,

    /// <summary>One JSON object per line.</summary>
    Json,

    /// <summary>Events are not shown, only counted.</summary>
    None,
}
