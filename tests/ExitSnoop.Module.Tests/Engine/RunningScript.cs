using System.Management.Automation;

namespace ExitSnoop.ModuleTests.Engine;

/// <summary>A running script in a <see cref="Shell"/>. Disposing it stops the script.</summary>
internal sealed class RunningScript : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    private readonly Invocation invocation;

    internal RunningScript(Invocation invocation) => this.invocation = invocation;

    /// <summary>The output until now.</summary>
    internal ShellResult Now => invocation.Snapshot();

    internal bool IsRunning => !invocation.IsCompleted;

    internal void WaitUntilAttached(int watches = 1) => Eventually.True(
        () => Now.Verbose.Count(line => line.Contains("attached by", StringComparison.Ordinal)) >= watches || !IsRunning,
        () => $"No watch has attached.\n{Now}");

    internal void WaitForOutput(int count) => Eventually.True(
        () => invocation.OutputCount >= count, () => $"There are not {count} objects.\n{Now}");

    /// <summary>Waits for its end.</summary>
    internal ShellResult Wait(TimeSpan? limit = null)
    {
        if (!invocation.Wait(limit ?? Patience))
            Assert.Fail($"The script has not ended.\n{Now}");
        return Now;
    }

    /// <summary>What Ctrl+C does; returns before the script has ended.</summary>
    internal void BeginStop() => invocation.BeginStop();

    public void Dispose() => invocation.Dispose();
}

/// <summary>The engine's side of a script.</summary>
internal sealed class Invocation : IDisposable
{
    private readonly PowerShell shell;
    private readonly PSDataCollection<PSObject> output = [];
    private readonly IAsyncResult running;
    private readonly object gate = new();
    private bool ended, stopped;
    private ShellError? terminating;

    internal Invocation(PowerShell shell)
    {
        this.shell = shell;
        PSDataCollection<PSObject> input = [];
        input.Complete();
        running = shell.BeginInvoke(input, output);
    }

    internal bool IsCompleted => running.IsCompleted;

    internal int OutputCount => output.Count;

    internal bool Wait(TimeSpan limit)
    {
        if (!running.AsyncWaitHandle.WaitOne(limit))
            return false;
        End();
        return true;
    }

    internal void BeginStop() => shell.BeginStop(null, null);

    internal ShellResult Snapshot() => new(
        [.. Copy(output).Select(item => item?.BaseObject)],
        [.. Copy(shell.Streams.Error).Select(ToError)],
        terminating,
        stopped,
        [.. Copy(shell.Streams.Warning).Select(record => record.Message)],
        [.. Copy(shell.Streams.Verbose).Select(record => record.Message)],
        [.. Copy(shell.Streams.Debug).Select(record => record.Message)],
        [.. Copy(shell.Streams.Information).Select(record => $"{record.MessageData}")]);

    public void Dispose()
    {
        if (!running.IsCompleted)
            shell.Stop();
        End();
        shell.Dispose();
        output.Dispose();
    }

    private void End()
    {
        lock (gate)
        {
            if (ended)
                return;
            ended = true;
            try
            {
                shell.EndInvoke(running);
            }
            catch (PipelineStoppedException)
            {
                stopped = true;
            }
            catch (RuntimeException error)
            {
                terminating = ToError(error.ErrorRecord);
            }
        }
    }

    // The collection may grow while it is looked at; its enumerator would wait for more.
    private static List<T> Copy<T>(PSDataCollection<T> items)
    {
        int count = items.Count;
        List<T> copy = new(count);
        for (int i = 0; i < count; i++)
            copy.Add(items[i]);
        return copy;
    }

    private static ShellError ToError(ErrorRecord record) => new(
        record.FullyQualifiedErrorId,
        record.CategoryInfo.Category.ToString(),
        record.Exception.Message,
        record.TargetObject is PSObject wrapped ? wrapped.BaseObject : record.TargetObject);
}
