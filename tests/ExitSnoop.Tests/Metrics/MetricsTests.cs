using System.Text.RegularExpressions;
using ExitSnoop.Metrics;
using ExitSnoop.Tests.Records;

namespace ExitSnoop.Tests.Metrics;

/// <summary>The metrics for Prometheus.</summary>
public sealed partial class MetricsTests
{
    private const string Container = "/docker/3f4e5d6c7b8a99887766554433221100ffeeddccbbaa00112233445566778899";

    private static readonly Dictionary<string, double> Nothing = [];

    [Theory]
    [InlineData(0, "/system.slice/web.service", "success", "web.service")]
    [InlineData(3 << 8, "/system.slice/web.service", "failed", "web.service")]
    [InlineData((int)Signal.TERM, "/system.slice/web.service", "killed", "web.service")]
    [InlineData((int)Signal.SEGV | 0x80, "/system.slice/web.service/worker", "crashed", "web.service")]
    [InlineData((int)Signal.KILL, "/system.slice/web.service", "oom", "web.service", true)]
    [InlineData((int)Signal.KILL, "/system.slice/web.service", "killed", "web.service")]
    [InlineData(0, "/system.slice/system-app.slice/app@2.service", "success", "app@*.service")]
    [InlineData(0, "/system.slice/systemd-coredump@7-4711-0.service", "success", "systemd-coredump@*.service")]
    [InlineData(0, "/user.slice/user-1000.slice/user@1000.service/app.slice/mail.service", "success", "mail.service")]
    [InlineData(0, "/user.slice/user-1000.slice/user@1000.service/init.scope", "success", "user@*.service")]
    [InlineData(0, "/system.slice/run-u4711.service", "success", "run-*.service")]
    [InlineData(0, "/system.slice/run-r0123456789abcdef0123456789abcdef.service", "success", "run-*.service")]
    [InlineData(0, "/system.slice/run-parts.service", "success", "run-parts.service")]
    [InlineData(0, "/user.slice/user-1000.slice/user@1000.service/app.slice/x'; reboot #.service", "success", "other")]
    [InlineData(0, "/user.slice/user-1000.slice/session-3.scope", "success", "none")]
    [InlineData(0, "/", "success", "none")]
    [InlineData(0, Container, "success", "container")]
    [InlineData(0, Container + "/system.slice/web.service", "success", "web.service")]
    public void An_exit_counts_once_by_its_result_and_service(int status, string cgroup, string result, string service, bool oom = false)
    {
        ExitCounts counts = new();
        Count(counts, cgroup, status, oom: oom);
        Dictionary<string, double> exits = Parse(Text(counts)).Where(series => series.Key.StartsWith("process_exits_total", StringComparison.Ordinal)).ToDictionary();
        Assert.Equal([$"process_exits_total{{result=\"{result}\",service=\"{service}\"}}"], exits.Where(series => series.Value != 0).Select(series => series.Key));
        Assert.Equal(5, exits.Keys.Count(series => series.Contains($"\"{service}\"", StringComparison.Ordinal)));
    }

    [Fact]
    public void After_200_services_the_others_count_together_and_none_is_lost()
    {
        ExitCounts counts = new();
        for (int i = 0; i < 5000; i++)
            Count(counts, $"/system.slice/s{i % 500}.service/{i}");
        Dictionary<string, double> series = Parse(Text(counts));
        Assert.Equal(203, series.Keys.Count(key => key.Contains("result=\"success\"", StringComparison.Ordinal)));
        Assert.Equal(5000, series.Where(each => each.Key.StartsWith("process_exits_total", StringComparison.Ordinal)).Sum(each => each.Value));
        Assert.Equal(3000, series["process_exits_total{result=\"success\",service=\"other\"}"]);
    }

    [Fact]
    public void An_exit_of_which_nothing_else_is_known_counts_as_of_no_service()
    {
        ExitCounts counts = new();
        Assert.True(RecordView.TryParse(RecordBytes.Of(new ExitRecord { WaitStatus = 1 << 8 }), out RecordView exit));
        counts.Count(exit);
        Assert.Equal(1, Parse(Text(counts))["process_exits_total{result=\"failed\",service=\"none\"}"]);
    }

    [Fact]
    public void Every_signal_that_can_end_a_process_is_there_before_one_does()
    {
        ExitCounts counts = new();
        Count(counts, "/", (int)Signal.RTMIN + 3);
        Count(counts, "/", (int)Signal.RTMAX);
        Count(counts, "/", (int)Signal.SYS);
        Dictionary<string, double> signals = Parse(Text(counts)).Where(series => series.Key.StartsWith("process_exit_signals_total", StringComparison.Ordinal)).ToDictionary();
        Assert.Equal(24, signals.Count);
        Assert.Equal(2, signals["process_exit_signals_total{signal=\"RT\"}"]);
        Assert.Equal(1, signals["process_exit_signals_total{signal=\"SYS\"}"]);
        Assert.Equal(0, signals["process_exit_signals_total{signal=\"SEGV\"}"]);
    }

    [Fact]
    public void A_service_that_is_new_is_written_with_zeros_first_and_the_last_time_with_its_counts()
    {
        ExitCounts counts = new();
        counts.Expect("old.service");
        const string old = "process_exits_total{result=\"success\",service=\"old.service\"}", fresh = "process_exits_total{result=\"success\",service=\"new.service\"}";
        Assert.Equal(0, Parse(Text(counts, last: false))[old]);
        Count(counts, "/system.slice/old.service");
        Count(counts, "/system.slice/new.service");
        Dictionary<string, double> first = Parse(Text(counts, last: false)), second = Parse(Text(counts, last: false));
        Assert.Equal((1, 0), (first[old], first[fresh]));
        Assert.Equal((1, 1), (second[old], second[fresh]));
        Count(counts, "/system.slice/late.service");
        Assert.Equal(1, Parse(Text(counts, last: true))["process_exits_total{result=\"success\",service=\"late.service\"}"]);
    }

    [Fact]
    public void Counters_go_on_from_the_file_and_gauges_do_not()
    {
        using TestFolder folder = new();
        string path = folder.Write("exits.prom", """
            # TYPE process_exits_total counter
            process_exits_total{result="success",service="a\\x2db.service"} 41
            process_exits_total{result="crashed",service="a\\x2db.service"} -1
            process_exit_cpu_seconds_total{service="none"} 1.25
            exitsnoop_queue_bytes 99
            nonsense
             7
            x_total{ NaN
            """);
        MetricsFile file = new(path);
        Assert.Equal(["a\\x2db.service"], file.Before.Keys.Select(MetricsPage.ServiceOf).OfType<string>());
        ExitCounts counts = new();
        Count(counts, "/system.slice/a\\x2db.service", cpuTime: 500_000_000);
        Count(counts, "/", cpuTime: 500_000_000);
        Dictionary<string, double> series = Parse(Text(counts, before: file.Before));
        Assert.Equal(42, series["process_exits_total{result=\"success\",service=\"a\\\\x2db.service\"}"]);
        Assert.Equal(0, series["process_exits_total{result=\"crashed\",service=\"a\\\\x2db.service\"}"]);
        Assert.Equal(1.75, series["process_exit_cpu_seconds_total{service=\"none\"}"]);
        Assert.Equal(4096, series["exitsnoop_queue_bytes"]);
    }

    [Fact]
    public void Everyone_can_read_the_file_and_nothing_that_is_no_file_is_replaced_or_followed()
    {
        using TestFolder folder = new();
        string path = folder.Path("exits.prom"), elsewhere = folder.Write("elsewhere", "");
        File.CreateSymbolicLink(path + ".tmp", elsewhere);
        MetricsFile file = new(path);
        File.CreateSymbolicLink(path + ".tmp", elsewhere);
        Assert.Equal(0, file.Write("a 1\n"));
        Assert.Equal(("a 1\n", ""), (File.ReadAllText(path), File.ReadAllText(elsewhere)));
        Assert.Equal("644", Convert.ToString((int)File.GetUnixFileMode(path), 8));
        Assert.Equal(["elsewhere", "exits.prom"], Directory.GetFiles(folder.FullName).Select(Path.GetFileName).Order());

        File.CreateSymbolicLink(folder.Path("link"), path);
        foreach (string other in (string[])["/dev/null", folder.FullName, folder.FullName + "/", folder.Path("link")])
            Assert.Throws<NotRegularException>(() => new MetricsFile(other));
        Assert.Equal(LibC.ENOENT, Assert.Throws<System.ComponentModel.Win32Exception>(() => new MetricsFile(folder.Path("no/exits.prom"))).NativeErrorCode);
    }

    [Fact]
    public void A_file_that_cannot_be_written_any_more_is_told_once_and_when_it_can_again()
    {
        using TestFolder folder = new();
        string place = Directory.CreateDirectory(folder.Path("here")).FullName;
        using TraceMetrics metrics = TraceMetrics.Open(Path.Combine(place, "exits.prom"), serviceFilter: null);
        int told = 0;
        metrics.Begin(() => default(TraceFigures) with { KernelRelease = "", Hook = "" }, () => told++);
        ExitRecorderStatus status = new() { Events = 0, Bytes = 0, Size = 7, Lost = 0, Missed = 0, Pauses = 0, SyncFailures = 0, PauseReason = null };
        metrics.Include(() => status);
        Assert.False(metrics.TryTakeMessage(out _));
        Directory.Delete(place, recursive: true);
        metrics.Include(() => status);
        metrics.Include(() => status);
        Directory.CreateDirectory(place);
        metrics.Include(() => status);
        Assert.Equal(2, told);
        Assert.True(metrics.TryTakeMessage(out string? message));
        Assert.Equal($"The metrics cannot be written to {place}/exits.prom: No such file or directory. The next attempt is in 15 seconds.", message);
        Assert.True(metrics.TryTakeMessage(out message));
        Assert.Equal($"The metrics are written to {place}/exits.prom again.", message);
        Assert.Contains("\nexitsnoop_recording_bytes 7\n", File.ReadAllText(Path.Combine(place, "exits.prom")), StringComparison.Ordinal);
    }

    [Fact]
    public void The_text_is_of_the_form_that_Prometheus_reads()
    {
        ExitCounts counts = new();
        Count(counts, "/system.slice/a\\x2db.service", cpuTime: 1);
        string text = Text(counts) + "# HELP a Made up.\n# TYPE a gauge\n" + MetricsText.Series("a", ("b", "\\\"\n\u00e9")) + " 1\n";
        Assert.All(text.TrimEnd('\n').Split('\n'), line => Assert.Matches(Line(), line));
        using TestFolder folder = new();
        CommandResult check = Command.Run("/bin/sh", ["-c", "\"$0\" check metrics <\"$1\"", Promtool, folder.Write("exits.prom", text)]);
        Assert.True(check is { ExitCode: 0, Error: "" }, $"{check}");
    }

    [Fact]
    public void Every_alert_passes_its_test()
    {
        CommandResult test = Command.Run(Promtool, ["test", "rules", "alerts.test.yml"], folder: Fleet);
        Assert.True(test.ExitCode == 0, $"{test}");
    }

    [Theory]
    [InlineData("alerts.yml", 4)]
    [InlineData("dashboard.json", 8)]
    public void Alerts_and_dashboard_ask_for_metrics_that_there_are(string file, int count)
    {
        string[] names = [.. Metric().Matches(File.ReadAllText(Path.Combine(Fleet, file))).Select(match => match.Value).Distinct()];
        Assert.True(names.Length >= count, string.Join(' ', names));
        Assert.Empty(names.Except(Parse(Text(new ExitCounts())).Keys.Select(series => series.Split('{')[0])));
    }

    private static string Fleet { get; } = Path.Combine(Paths.Repository, "docs", "fleet");

    /// <summary>Skips the test where there is none: its package starts a service, so tests do not install it. ./bootstrap.sh fleet has it.</summary>
    private static string Promtool
    {
        get
        {
            string? found = Need.Find("promtool", Path.Join(Paths.Repository, ".cache/fleet/root/usr/bin"));
            Assert.SkipWhen(found is null, "there is no promtool; ./bootstrap.sh fleet gets it");
            return found!;
        }
    }

    private static void Count(ExitCounts counts, string cgroup, int status = 0, bool oom = false, ulong cpuTime = 0)
    {
        byte[] bytes = RecordBytes.Of(
            new ExitRecord { WaitStatus = (uint)status, Flags = oom ? RecordFlags.OomKilled : 0 }, new ExitDetail { CpuTime = cpuTime }, cgroup: cgroup);
        Assert.True(RecordView.TryParse(bytes, out RecordView exit));
        counts.Count(exit);
    }

    private static string Text(ExitCounts counts, bool last = true, IReadOnlyDictionary<string, double>? before = null)
    {
        MetricsText text = new(before ?? Nothing);
        MetricsPage.WriteExits(text, counts, last);
        MetricsPage.WriteTrace(text, new TraceFigures("6.1.0", "tp_btf", new(1, 2, 3), 4096, 0.25), startTime: 1.5);
        MetricsPage.WriteRecorder(text, new ExitRecorderStatus { Events = 1, Bytes = 2, Size = 3, Lost = 4, Missed = 5, Pauses = 6, SyncFailures = 7, PauseReason = null });
        return text.ToString();
    }

    private static Dictionary<string, double> Parse(string text) => text.Split('\n').Where(line => line.Length > 0 && line[0] != '#')
        .ToDictionary(line => line[..line.LastIndexOf(' ')], line => double.Parse(line[line.LastIndexOf(' ')..], CultureInfo.InvariantCulture));

    [GeneratedRegex(@"\b(process_exits?|exitsnoop)_[a-z_]+\b")]
    private static partial Regex Metric();

    [GeneratedRegex("""^(# (HELP [a-z_]+ \S.*|TYPE [a-z_]+ (counter|gauge))|[a-z_]+(\{[a-z]+="([^"\\]|\\[\\"n])*"(,[a-z]+="([^"\\]|\\[\\"n])*")*\})? [0-9.eE+-]+)$""")]
    private static partial Regex Line();
}
