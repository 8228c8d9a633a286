using ExitSnoop.Bpf;
using ExitSnoop.Metrics;
using ExitSnoop.Records;

namespace ExitSnoop;

/// <summary>Writes the text of the metrics: their names, types, descriptions and values.</summary>
internal static class MetricsPage
{
    private const string Exits = "process_exits_total";

    private static readonly string ServiceStart = $"{Exits}{{result=\"{ExitResults.Names[0]}\",service=\"";
    private const string ServiceEnd = "\"}";

    private const double NanosecondsPerSecond = 1e9;

    /// <summary>Signals whose default action does not end a process (signal(7)), so that no process can be ended by them.</summary>
    private static readonly Signal[] Harmless =
        [Signal.CHLD, Signal.CONT, Signal.STOP, Signal.TSTP, Signal.TTIN, Signal.TTOU, Signal.URG, Signal.WINCH];

    /// <summary>The service, if this is the first series of a service; null for any other series.</summary>
    internal static string? ServiceOf(string series) =>
        series.StartsWith(ServiceStart, StringComparison.Ordinal) && series.EndsWith(ServiceEnd, StringComparison.Ordinal)
            ? MetricsText.Unescape(series[ServiceStart.Length..^ServiceEnd.Length])
            : null;

    /// <summary>Writes the counts of exits. A service that was not written before is written with zeros, unless this is the last time.</summary>
    internal static void WriteExits(MetricsText text, ExitCounts counts, bool last) => counts.Read((services, signals) =>
    {
        ServiceCounts[] sorted = [.. services.OrderBy(service => service.Label, StringComparer.Ordinal)];
        text.Counter(Exits, "Processes that exited, by systemd service and by result: crashed is a fault or another signal whose default is a core dump, killed is any other signal.");
        foreach (ServiceCounts service in sorted)
            for (int i = 0; i < service.Results.Length; i++)
                text.Sample(service.IsKnown || last ? service.Results[i] : 0, ("result", ExitResults.Names[i]), ("service", service.Label));

        text.Counter("process_exit_cpu_seconds_total", "CPU time of the processes that exited.");
        foreach (ServiceCounts service in sorted)
        {
            text.Sample(service.IsKnown || last ? service.ProcessorTime / NanosecondsPerSecond : 0, ("service", service.Label));
            service.IsKnown = true;
        }

        text.Counter("process_exit_signals_total", "Processes that a signal ended, by its name; RT stands for all real-time signals.");
        for (int i = 1; i < signals.Length; i++)
            if (!Harmless.Contains((Signal)i))
                text.Sample(signals[i], ("signal", SignalTable.GetName((Signal)i)));
        text.Sample(signals[ExitCounts.RealTime], ("signal", "RT"));
    });

    /// <summary>Writes the metrics about the trace: losses, buffers, how it is attached.</summary>
    internal static void WriteTrace(MetricsText text, in TraceFigures trace, double startTime)
    {
        Losses losses = trace.Losses;
        text.Counter("exitsnoop_lost_events_total", "Exits that were not counted, by cause: the kernel's buffer or the queue in memory was full, the kernel did not run the BPF program (unseen, an upper bound), or a descendant was not watched.");
        text.Sample(losses.BufferFull, ("cause", "buffer_full"));
        text.Sample(losses.QueueFull, ("cause", "queue_full"));
        text.Sample(losses.NotRun, ("cause", "unseen"));
        text.Sample(losses.NotWatched + losses.ForksNotRun, ("cause", "not_watched"));
        text.Gauge("exitsnoop_ring_fill_ratio", "The highest fill of a ring buffer in the kernel since the metrics were last written.");
        text.Sample(trace.RingFill);
        text.Gauge("exitsnoop_queue_bytes", "Size of the queue of events in memory.");
        text.Sample(trace.QueuedBytes);
        text.Gauge("exitsnoop_start_time_seconds", "When the trace began, in Unix time.");
        text.Sample(startTime);
        text.Gauge("exitsnoop_info", "The program, the kernel, and how the BPF program is attached.");
        string version = typeof(MetricsPage).Assembly.GetName().Version?.ToString(3) ?? "";
        text.Sample(1, ("version", version), ("kernel", trace.KernelRelease), ("hook", trace.Hook));
    }

    /// <summary>Writes the metrics about the recorder.</summary>
    internal static void WriteRecorder(MetricsText text, ExitRecorderStatus recorder)
    {
        text.Gauge("exitsnoop_recording_bytes", "Size of the recording.");
        text.Sample(recorder.Size);
        text.Counter("exitsnoop_recording_written_bytes_total", "Bytes written to the recording.");
        text.Sample(recorder.Bytes);
        text.Counter("exitsnoop_recording_gaps_total", "Times that recording paused because nothing could be written.");
        text.Sample(recorder.Pauses);
        text.Counter("exitsnoop_recording_missed_events_total", "Exits that are missing in the recording because they could not be written.");
        text.Sample(recorder.Missed);
        text.Counter("exitsnoop_recording_sync_failures_total", "Times that fsync of the recording failed.");
        text.Sample(recorder.SyncFailures);
        text.Gauge("exitsnoop_recording_paused", "Whether recording pauses: 1 or 0.");
        text.Sample(recorder.PauseReason is null ? 0 : 1);
    }
}
