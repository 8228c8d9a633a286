namespace ExitSnoop.Commands.Views;

/// <summary>A column of a table.</summary>
/// <param name="Header">Its heading.</param>
/// <param name="Width">Its width in characters; 0 for the last column, which takes the remaining room.</param>
/// <param name="Property">The property that it shows.</param>
internal sealed record Column(string Header, int Width, string Property)
{
    /// <summary>The format string for the property; null for PowerShell's default. For the property View it is the name of a cell.</summary>
    internal string? Format { get; init; }

    /// <summary>A script that makes the text, if a format string cannot; it costs ten times as much.</summary>
    internal string? Script { get; init; }
}

/// <summary>A table of ExitSnoop.Format.ps1xml.</summary>
/// <param name="Name">Its name for Format-Table -View.</param>
/// <param name="TypeName">The type name that selects it.</param>
/// <param name="Columns">Its columns, from left to right.</param>
internal sealed record TableView(string Name, string TypeName, IReadOnlyList<Column> Columns);

/// <summary>A property in a list, or a heading there.</summary>
/// <param name="Label">The text before the colon.</param>
/// <param name="Property">The property that it shows; null for a heading.</param>
/// <param name="Format">The format string for the property; see <see cref="Column.Format"/>.</param>
internal sealed record ListEntry(string Label, string? Property, string? Format = null);

/// <summary>
/// The views of an event. Every column, view and list entry is defined only here. In the build, tools/ViewBuilder writes
/// ExitSnoop.Format.ps1xml from them. WatchColumns makes views that depend on the time zone or the width of the screen.
/// </summary>
internal static class EventViews
{
    internal const string EventType = "ExitSnoop.ExitEvent", FrameType = "ExitSnoop.StackFrame";

    /// <summary>The hidden property of an event that contains its <c>EventView</c>.</summary>
    internal const string View = "View";

    /// <summary>
    /// The name of all tables that are selected only by a type name. Completion of Format-Table -View offers the views of all
    /// type names that begin like that of an event, each name once, so these tables appear there only once.
    /// </summary>
    internal const string DefaultName = "ExitSnoop";

    private static readonly Column TimeUtc = Cell("TIME-UTC", 12, "Time");
    private static readonly Column Clock = Cell("TIME", 8, "Clock");
    private static readonly Column Id = Cell("ID", 7, "Id");
    private static readonly Column Outcome = Cell("STATUS", 9, "Outcome");

    internal static Column Time { get; } = TimeUtc with { Header = "TIME" };

    internal static Column Label { get; } = Cell("LABEL", 5, "Label");

    /// <summary>Properties for which a list uses the text of EventView, because other users choose their text or they need another format.</summary>
    private static readonly string[] Texts =
    [
        "Name", "ParentName", "Ancestors", "Label", "StartTime", "ExitTime", "Reason", "SenderName", "FaultAddress", "CrashSite", "InstructionPointer",
        "CrashModule", "CrashOffset", "CrashSymbol", "CrashThreadName", "StackTrace", "CrashNote", "Path", "CommandLine",
        "Arguments", "WorkingDirectory", "UserName", "LoginUserName", "Terminal", "CgroupPath", "ServiceName", "ContainerId", "PodId", "HostName",
    ];

    /// <summary>The columns of the original, with the same order and widths.</summary>
    internal static IReadOnlyList<Column> Default { get; } =
    [
        Cell("PCOMM", 16, "Name"),
        Cell("PID", 7, "Id"),
        Cell("PPID", 7, "ParentId"),
        Cell("TID", 7, "ThreadId"),
        Cell("AGE(s)", 7, "Age"),
        Cell("EXIT_CODE", 0, "Status"),
    ];

    /// <summary>All tables. The type name that a watch adds to its events takes precedence over the name of the type itself.</summary>
    internal static IReadOnlyList<TableView> Tables { get; } =
    [
        new(DefaultName, EventType + "#TimeUtcLabel", [TimeUtc, Label, .. Default]),
        new(DefaultName, EventType + "#TimeLabel", [Time, Label, .. Default]),
        new(DefaultName, EventType + "#TimeUtc", [TimeUtc, .. Default]),
        new(DefaultName, EventType + "#Time", [Time, .. Default]),
        new(DefaultName, EventType + "#Label", [Label, .. Default]),
        new(DefaultName, EventType, Default),
        new("Why", EventType,
        [
            Clock,
            Cell("NAME", 11, "Name"),
            Id,
            Outcome,
            Cell("REASON", 32, "Reason"),
            Cell("COMMAND", 0, "Command"),
        ]),
        new("Crash", EventType,
        [
            Clock,
            Cell("NAME", 12, "Name"),
            Id,
            Outcome,
            Cell("THREAD", 12, "CrashThread"),
            Cell("SITE", 0, "CrashSite"),
        ]),
        new("Resources", EventType,
        [
            Clock,
            Cell("NAME", 12, "Name"),
            Id,
            Outcome,
            Cell("AGE(s)", 6, "Age"),
            Cell("CPU(s)", 6, "ProcessorTime"),
            Cell("PEAK", 8, "Peak"),
            Cell("READ", 8, "Read"),
            Cell("WRITTEN", 0, "Written"),
        ]),
        new(DefaultName, "ExitSnoop.Commands.Measuring.ProcessExitMeasurement",
        [
            new("NAME", 15, "Name"),
            new("COUNT", 7, "Count"),
            new("FAILED", 6, "Failed"),
            new("CRASH", 5, "Crashed"),
            new("PER MIN", 7, "PerMinute") { Format = "0.0" },
            new("CPU(s)", 7, "TotalProcessorTime.TotalSeconds") { Format = "0.00" },
            new("MEDIAN(s)", 9, "MedianAge.TotalSeconds") { Format = "0.00" },
            new("95%(s)", 7, "Age95.TotalSeconds") { Format = "0.00" },
            Mebibytes("PEAK", 0, "PeakWorkingSet64"),
        ]),
        new(DefaultName, "ExitSnoop.ExitRecordingStatus",
        [
            new("FROM", 16, "From") { Format = "yyyy-MM-dd HH:mm" },
            new("TO", 16, "To") { Format = "yyyy-MM-dd HH:mm" },
            new("EVENTS", 9, "Events"),
            new("LOST", 5, "Lost"),
            new("GAPS", 4, "Gaps"),
            Mebibytes("SIZE", 10, "Size"),
            new("HOST", 12, "HostName"),
            new("SERVICE", 0, "ServiceName"),
        ]),
        new(DefaultName, "ExitSnoop.ExitEventField",
        [
            new("Name", 24, "Name"),
            new("Type", 16, "Type"),
            new("Offset", 6, "Offset"),
            new("Size", 4, "Size"),
            new("Description", 0, "Description"),
        ]),
        new(DefaultName, FrameType, [new("CALL", 0, "Call")]),
    ];

    /// <summary>The entries of Format-List: all properties of an event, below headings.</summary>
    internal static IReadOnlyList<ListEntry> List { get; } =
    [
        .. Section("Process", "Name", "Id", "ParentId", "ParentName", "Ancestors", "ThreadId", "IsThread", "Label"),
        .. Section("Time", "StartTime", "ExitTime", "Age"),
        .. Section("Status", "Status", "ExitCode", "Signal", "CoreDumped", "Failed", "Crashed"),
        .. Section("Why", "Reason", "SignalCode", "SenderId", "SenderName", "SenderUserId", "FaultAddress", "OomKilled"),
        .. Section(
            "Crash", "CrashSite", "StackTrace", "CrashNote", "InstructionPointer", "CrashModule", "CrashOffset", "CrashBuildId", "CrashSymbol",
            "CrashThreadId", "CrashThreadName"),
        .. Section("Command", "Path", "CommandLine", "CommandLineTruncated", "Arguments", "WorkingDirectory", "Executed"),
        .. Section("Identity", "UserId", "UserName", "GroupId", "LoginUserId", "LoginUserName", "SessionId", "Terminal"),
        .. Section(
            "Resources", "TotalProcessorTime", "UserProcessorTime", "PrivilegedProcessorTime", "PeakWorkingSet64", "MinorFaults", "MajorFaults",
            "ReadBytes", "WriteBytes", "VoluntarySwitches", "InvoluntarySwitches"),
        .. Section("Container", "CgroupPath", "ServiceName", "ContainerId", "PodId", "NamespaceId", "HostId", "HostName"),
    ];

    private static IEnumerable<ListEntry> Section(string heading, params string[] properties) =>
        [new($"-- {heading} --", null), .. properties.Select(name => new ListEntry(name, Texts.Contains(name) ? View : name, Texts.Contains(name) ? name + "Text" : null))];

    // A format string can only divide by powers of 1,000.
    private static Column Mebibytes(string header, int width, string property) =>
        new(header, width, property) { Script = $"if ($null -ne $_.{property}) {{ '{{0:0.0}} MiB' -f ($_.{property} / 1MB) }}" };

    private static Column Cell(string header, int width, string cell) => new(header, width, View) { Format = cell };
}
