using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using ExitSnoop.Linux;
using ExitSnoop.Metrics;
using ExitSnoop.Records;

namespace ExitSnoop;

/// <summary>Counts the exits of a trace and writes the counts to a file, every 15 seconds and at the end.</summary>
/// <remarks>
/// A new service is first written with zeros, and with its counts 15 seconds later, because increase() of Prometheus ignores the first
/// value of a series. To avoid this delay for most services, all running services are added before each write.
/// </remarks>
internal sealed class TraceMetrics : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    private readonly MetricsFile file;
    private readonly Func<string, bool>? serviceFilter;
    private readonly ExitCounts counts = new();
    private readonly ConcurrentQueue<string> messages = new();
    private readonly object gate = new();
    private readonly double startTime = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;
    private Func<TraceFigures> trace = null!;
    private Func<ExitRecorderStatus>? recorder;
    private Action told = null!;
    private Thread? thread;
    private bool ended, failing;

    private TraceMetrics(MetricsFile file, Func<string, bool>? serviceFilter)
    {
        (this.file, this.serviceFilter) = (file, serviceFilter);
        ExpectRunning();
        // After the running services, so that services that no longer run get no label if there are too many.
        foreach (string label in file.Before.Keys.Select(MetricsPage.ServiceOf).OfType<string>())
            counts.Expect(label);
    }

    /// <summary>Checks that the file can be written, and reads the values of its counters.</summary>
    /// <param name="path">The file.</param>
    /// <param name="serviceFilter">Which services are traced; null for all.</param>
    /// <exception cref="ExitTraceException">The file cannot be written.</exception>
    internal static TraceMetrics Open(string path, Func<string, bool>? serviceFilter)
    {
        try
        {
            return new TraceMetrics(new MetricsFile(path), serviceFilter);
        }
        catch (NotRegularException)
        {
            throw new ExitTraceException(ExitTraceError.CannotWrite, $"The metrics cannot be written to {path}: it is not a regular file, and would be replaced by one.");
        }
        catch (Win32Exception refused)
        {
            throw new ExitTraceException(ExitTraceError.CannotWrite, $"The metrics cannot be written to {path}: {refused.Message}.", refused);
        }
    }

    /// <summary>Counts an exit.</summary>
    internal void Count(in RecordView exit) => counts.Count(exit);

    /// <summary>Starts to write the file periodically.</summary>
    /// <param name="trace">Returns the current figures of the trace.</param>
    /// <param name="told">Called on another thread when there is a message to take.</param>
    /// <exception cref="OutOfMemoryException">There is no memory for a thread.</exception>
    internal void Begin(Func<TraceFigures> trace, Action told)
    {
        (this.trace, this.told) = (trace, told);
        thread = new Thread(Run, maxStackSize: 256 << 10) { IsBackground = true, Name = "ExitSnoop metrics" };
        thread.Start();
    }

    /// <summary>Adds the figures of a recorder to the metrics.</summary>
    internal void Include(Func<ExitRecorderStatus> status)
    {
        lock (gate)
        {
            recorder = status;
            Write(last: false);
        }
    }

    /// <summary>Takes the next message for the user; false if there is none.</summary>
    internal bool TryTakeMessage([NotNullWhen(true)] out string? message) => messages.TryDequeue(out message);

    /// <summary>Writes the file a last time and ends the thread.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            ended = true;
            Monitor.Pulse(gate);
        }
        thread?.Join();
    }

    private void Run()
    {
        lock (gate)
        {
            while (!ended)
            {
                Write(last: false);
                Monitor.Wait(gate, Interval);
            }
            Write(last: true);
        }
    }

    private void ExpectRunning()
    {
        try
        {
            foreach (string service in ServiceLabel.RunningServices())
                if (serviceFilter is null || ExitEvent.IsOfService(service, serviceFilter))
                    counts.Expect(ServiceLabel.OfService(service));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            // Without /proc or with too many open files, services are added only when a process of them exits.
        }
    }

    private void Write(bool last)
    {
        int error;
        try
        {
            ExpectRunning();
            MetricsText text = new(file.Before);
            MetricsPage.WriteExits(text, counts, last);
            MetricsPage.WriteTrace(text, trace(), startTime);
            if (recorder is not null)
                MetricsPage.WriteRecorder(text, recorder());
            error = file.Write(text.ToString());
        }
        catch (OutOfMemoryException)
        {
            // An unhandled exception on this thread would end the process.
            error = LibC.ENOMEM;
        }
        if (error != 0 == failing)
            return;
        failing = error != 0;
        messages.Enqueue(failing
            ? $"The metrics cannot be written to {file.Path}: {new Win32Exception(error).Message}. The next attempt is in {Interval.TotalSeconds} seconds."
            : $"The metrics are written to {file.Path} again.");
        told();
    }
}
