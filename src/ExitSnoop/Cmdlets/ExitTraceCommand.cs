using System.Collections.Concurrent;
using System.Management.Automation;

namespace ExitSnoop.Commands;

/// <summary>A cmdlet that runs a trace: starts it so that it can be stopped, and says how it was loaded.</summary>
public abstract class ExitTraceCommand : ExitTraceOptionsCommand, IDisposable
{
    private static readonly TimeSpan ProgressAfter = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource stopped = new();
    private readonly ConcurrentQueue<string> messages = new();
    private Task<ExitTrace>? starting;

    /// <summary>Cancelled when the pipeline is being stopped.</summary>
    protected CancellationToken Stopped => stopped.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        stopped.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Called on another thread, also while something downstream holds the pipeline.</summary>
    protected override void StopProcessing()
    {
        stopped.Cancel();
        if (starting is { IsCompletedSuccessfully: true })
            starting.Result.Stop();
    }

    // Loading takes some 50 ms, but on a slow or emulated machine it can take seconds, in which the
    // pipeline can be stopped and shows progress.
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
            // The pipeline is being stopped, or ends at one of these messages ($VerbosePreference = 'Stop').
            starting.ContinueWith(
                late => late.Result.Dispose(),
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
            throw;
        }
    }

    // A record of its own each time: a job keeps those that it was given.
    private void ShowProgress(ProgressRecordType type) =>
        WriteProgress(new ProgressRecord(0, MyInvocation.MyCommand.Name, "Loading the BPF program") { RecordType = type });

    private void WriteMessages()
    {
        while (messages.TryDequeue(out string? message))
            WriteDebug(message);
    }

    private bool IsDescribing => MyInvocation.BoundParameters.ContainsKey("Verbose") || MyInvocation.BoundParameters.ContainsKey("Debug");

    // With -Debug alone PowerShell asks at each verbose message whether to go on.
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
