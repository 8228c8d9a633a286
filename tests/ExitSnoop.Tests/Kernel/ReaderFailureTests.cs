using System.ComponentModel;

namespace ExitSnoop.Tests.Kernel;

/// <summary>If the reader runs out of memory or files, the trace ends with an error and the process continues.</summary>
[Collection(KernelTests.Name)]
public sealed class ReaderFailureTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Fact]
    public Task The_error_comes_out_of_ReadEvents_after_the_events() => AssertThrowsOnce(async trace =>
    {
        await Task.Yield();
        int count = 0;
        foreach (ExitEvent _ in trace.ReadEvents())
            Assert.Equal(1, ++count);
    });

    [Fact]
    public Task The_error_comes_out_of_ReadEventsAsync_after_the_events() => AssertThrowsOnce(async trace =>
    {
        int count = 0;
        await foreach (ExitEvent _ in trace.ReadEventsAsync())
            Assert.Equal(1, ++count);
    });

    [Fact]
    public Task The_error_comes_out_of_TryRead_after_the_events() => AssertThrowsOnce(async trace =>
    {
        await Task.Yield();
        int count = 0;
        while (!trace.IsCompleted)
        {
            Assert.True(trace.WaitForEvents(Soon));
            while (trace.TryRead(out ExitEvent? _))
                Assert.Equal(1, ++count);
        }
    });

    private static async Task AssertThrowsOnce(Func<ExitTrace, Task> read)
    {
        LoadableBpf.Require();
        using Child child = Child.Start(TestProgram.Victim, "-w", "exit", "1");
        ExitTraceOptions options = new() { ParentIds = [Environment.ProcessId], Ids = [child.Id, Environment.ProcessId] };
        ExitProgram program = ExitProgram.Start(options.ForProgram(), CgroupHierarchy.Find());
        WatchfulSource source = new(program.Source, Moment.BeforeTheLastLook);
        program.Source = source;
        using ExitTrace trace = new(options, program);
        source.Arm(() => throw new Win32Exception(LibC.ENOMEM));
        Task reading = read(trace);
        child.WriteLine();
        child.Wait();
        ExitTraceException ended = await Assert.ThrowsAsync<ExitTraceException>(() => reading);
        Assert.Equal(ExitTraceError.LimitReached, ended.Error);
        Assert.Contains("ulimit", ended.Message, StringComparison.Ordinal);
        Assert.True(trace.IsCompleted);
        Assert.False(trace.TryRead(out _));
        Assert.Empty(trace.ReadEvents());
    }
}
