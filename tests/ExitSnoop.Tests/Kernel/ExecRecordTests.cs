using ExitSnoop.Reading;

namespace ExitSnoop.Tests.Kernel;

/// <summary>
/// Commands on kernels before 6.16, where they are gone by the time of the exit: taken at exec, and from
/// /proc for those that were there before. A newer kernel has them at the exit all the same, so an end to
/// end test would pass without; hence these look at the records.
/// </summary>
[Collection(KernelTests.Name)]
public sealed class ExecRecordTests
{
    [Fact]
    public void An_exec_is_recorded_and_found_at_the_exit()
    {
        LoadableBpf.Require();
        ExitTraceOptions options = new() { Fallbacks = ExitProgramFallbacks.NoGroupDead, ParentIds = [Environment.ProcessId] };
        using RecordQueue queue = new(64 << 20);
        ExitProgram program = ExitProgram.Start(options.ForProgram(), CgroupHierarchy.Find());
        using RecordReader reader = RecordReader.Start(program, options.ForProgram(), queue);
        using Child child = Child.Run(TestProgram.Victim, "exit", "5", "an argument");
        reader.Dispose();

        CommandMemory memory = new();
        byte[]? exit = null;
        int execs = 0;
        while (queue.Take() is { } chunk)
        {
            while (chunk.TryRead(out ReadOnlySpan<byte> bytes, out _))
            {
                Assert.True(RecordView.TryParse(bytes, out RecordView view));
                if (view.Record.HostPid != (uint)child.Id)
                    continue;
                if (!view.Record.Flags.HasFlag(RecordFlags.Exec))
                {
                    exit = bytes.ToArray();
                    continue;
                }
                execs++;
                memory.Add(view, bytes.ToArray());
            }
            queue.Return(chunk);
        }
        Assert.NotNull(exit);
        Assert.Equal(1, execs);

        Assert.True(RecordView.TryParse(exit, out RecordView exitView));
        byte[]? exec = memory.Find(exitView.Record);
        ExitEvent old = new(WithoutCommand(exit), exec, 0, utc: true, label: null);
        Assert.Equal(TestProgram.Victim, old.Path);
        Assert.Equal([TestProgram.Victim, "exit", "5", "an argument"], old.Arguments!);
        Assert.Equal("code 5", old.Status);
        Assert.Null(memory.Find(exitView.Record));
    }

    [Theory]
    [InlineData("last-nul")]
    [InlineData("map", "a", "E", "e", "E")]
    [InlineData("map", "e", "E", "e", "E")]
    public void Nothing_of_the_environment_is_taken_from_proc(params string[] mode)
    {
        using Child child = Child.Start(
            TestProgram.Arguments, mode.Select(System.Text.Encoding.UTF8.GetBytes), new Dictionary<string, string?> { ["PASSWORD"] = "hunter2" });
        Assert.Equal("ready", child.ReadLine());
        Assert.Contains("hunter2", File.ReadAllText($"/proc/{child.Id}/environ"), StringComparison.Ordinal);
        CommandMemory memory = new();
        memory.ReadProc();
        byte[]? found = memory.Find(new ExitRecord { HostPid = (uint)child.Id, StartTime = StartTime(child.Id), Flags = RecordFlags.GroupDead });
        string all = found is null ? "" : System.Text.Encoding.UTF8.GetString(found);
        Assert.DoesNotContain("hunter2", all, StringComparison.Ordinal);
        Assert.DoesNotContain("PATH=", all, StringComparison.Ordinal);
        if (mode[0] == "last-nul")
            Assert.Contains("last-nul!", all, StringComparison.Ordinal);
    }

    [Fact]
    public void A_process_that_was_there_before_is_known_from_proc()
    {
        using Child child = Child.Start(TestProgram.Victim, "sleep", "30", "an argument", "");
        child.ReadId();
        CommandMemory memory = new();
        memory.ReadProc();
        ExitRecord record = new() { HostPid = (uint)child.Id, StartTime = StartTime(child.Id), Flags = RecordFlags.GroupDead };
        byte[]? found = memory.Find(record);
        Assert.NotNull(found);
        ExitEvent exit = new(WithoutCommand(found), found, 0, utc: true, label: null);
        Assert.Equal(TestProgram.Victim, exit.Path);
        Assert.Equal([TestProgram.Victim, "sleep", "30", "an argument", ""], exit.Arguments!);

        ExitRecord sameIdLater = record with { StartTime = record.StartTime + 1_000_000_000 };
        memory.ReadProc();
        Assert.Null(memory.Find(sameIdLater));
    }

    /// <summary>The exit as an older kernel would have sent it: neither path nor arguments.</summary>
    private static byte[] WithoutCommand(byte[] record)
    {
        byte[] bytes = [.. record];
        ref ExitDetail detail = ref System.Runtime.InteropServices.MemoryMarshal.AsRef<ExitDetail>(bytes.AsSpan(RecordView.DetailOffset));
        detail.PathSize = detail.ArgsSize = detail.CgroupSize = 0;
        return bytes;
    }

    private static ulong StartTime(int id) => Proc.TimesOf(id).StartTime * 10_000_000;
}
