using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using ExitSnoop.Linux;
using ExitSnoop.Metrics;
using ExitSnoop.Records;

namespace ExitSnoop;

/// <summary>Counts the exits of a trace and writes the counts to a file, every 15 seconds and at the end.</summary>
/// <remarks>
/// A service that is new is written with zeros, and with its counts 15 seconds later: Prometheus' increase() does not see a series that
/// begins with 1. So that most never are new when something of them exits, those that run are listed each time.
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
        // Behind those that run, so that the labels of services that are gone are the first to be given up.
        foreach (string label in file.Before.Keys.Select(MetricsPage.ServiceOf).OfType<string>())
            counts.Expect(label);
    }

    /// <summary>Looks whether a file can be written, and takes over what its counters had counted.</summary>
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

    /// <summary>Begins to write.</summary>
    /// <param name="trace">Asked for the figures of the trace each time.</param>
    /// <param name="told">Called, on another thread, when there is a message to take.</param>
    /// <exception cref="OutOfMemoryException">There is no memory for a thread.</exception>
    internal void Begin(Func<TraceFigures> trace, Action told)
    {
        (this.trace, this.told) = (trace, told);
        thread = new Thread(Run, maxStackSize: 256 << 10) { IsBackground = true, Name = "ExitSnoop metrics" };
        thread.Start();
    }

    /// <summary>Writes the figures of a recorder too, from now on.</summary>
    internal void Include(Func<ExitRecorderStatus> status)
    {
        lock (gate)
        {
            recorder = status;
            Write(last: false);
        }
    }

    /// <summary>Takes the next sentence that people should know.</summary>
    internal bool TryTakeMessage([NotNullWhen(true)] out string? message) => messages.TryDequeue(out message);

    /// <summary>Writes a last time.</summary>
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
            // Without /proc, or without a file to open: services are then new when something of them exits.
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
            // An exception that leaves a thread ends the process.
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
