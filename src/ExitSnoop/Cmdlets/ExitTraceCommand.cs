using System.Collections.Concurrent;
using System.Management.Automation;

namespace ExitSnoop.Commands;

/// <summary>A cmdlet that runs a trace. The trace can be stopped while it starts, and messages say how it was loaded.</summary>
public abstract class ExitTraceCommand : ExitTraceOptionsCommand, IDisposable
{
    private static readonly TimeSpan ProgressAfter = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource stopped = new();
    private readonly ConcurrentQueue<string> messages = new();
    private Task<ExitTrace>? starting;

    /// <summary>Cancelled when the pipeline is stopped.</summary>
    protected CancellationToken Stopped => stopped.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        stopped.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Called on another thread, even while a cmdlet downstream blocks the pipeline.</summary>
    protected override void StopProcessing()
    {
        stopped.Cancel();
        if (starting is { IsCompletedSuccessfully: true })
            starting.Result.Stop();
    }

    // Loading takes about 50 ms, but on a slow or emulated machine it can take seconds. Meanwhile this shows progress, and the
    // pipeline can be stopped.
    private protected ExitTrace Start(long? maxEvents, TimeSpan? timeLimit)
    {
        ExitTraceOptions options = CreateOptions(MyInvocation.BoundParameters.ContainsKey("Debug") ? messages.Enqueue : null) with
        {
            MaxEvents = maxEvents,
            TimeLimit = timeLimit,
        };
        starting = Task.Run(() => ExitTrace.Start(options));
        try
        {
            bool slow = !((IAsyncResult)starting).AsyncWaitHandle.WaitOne(ProgressAfter);
            if (slow)
                ShowProgress(ProgressRecordType.Processing);
            ExitTrace trace = starting.WaitAsync(Stopped).GetAwaiter().GetResult();
            if (slow)
                ShowProgress(ProgressRecordType.Completed);
            WriteMessages();
            Describe($"Linux {trace.KernelRelease}; attached by {trace.Attachment}, last thread by {trace.GroupDeath}: {trace.AttachReason}");
            Describe($"libbpf {trace.LibBpfVersion} from {trace.LibBpfPath} ({trace.LibBpfReason}); ring buffers of {trace.BufferSize} MiB");
            if (IsDescribing && trace.CrashSupport is { } crashes)
                Describe(crashes);
            return trace;
        }
        catch (ExitTraceException)
        {
            WriteMessages();
            throw;
        }
        catch
        {
            // The pipeline is being stopped, or one of these messages ended it ($VerbosePreference = 'Stop').
            starting.ContinueWith(
                late => late.Result.Dispose(),
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
            throw;
        }
    }

    // A new record each time, because a job keeps a reference to the records.
    private void ShowProgress(ProgressRecordType type) =>
        WriteProgress(new ProgressRecord(0, MyInvocation.MyCommand.Name, "Loading the BPF program") { RecordType = type });

    private void WriteMessages()
    {
        while (messages.TryDequeue(out string? message))
            WriteDebug(message);
    }

    private bool IsDescribing => MyInvocation.BoundParameters.ContainsKey("Verbose") || MyInvocation.BoundParameters.ContainsKey("Debug");

    // With -Debug alone, PowerShell would ask at each verbose message whether to continue.
    private void Describe(string text)
    {
        if (MyInvocation.BoundParameters.ContainsKey("Debug") && !MyInvocation.BoundParameters.ContainsKey("Verbose"))
            WriteDebug(text);
        else
            WriteVerbose(text);
    }

    private protected void WriteErrors(IEnumerable<ErrorRecord> errors)
    {
        foreach (ErrorRecord error in errors)
            WriteError(error);
    }
}
