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
        CommandMemory memory = new();
        (byte[] exit, byte[]? exec) = Assert.Single(Watch(memory, perThread: false, () => Child.Run(TestProgram.Victim, "exit", "5", "an argument")));
        ExitEvent old = new(WithoutCommand(exit), exec, 0, utc: true, label: null);
        Assert.Equal(TestProgram.Victim, old.Path);
        Assert.Equal([TestProgram.Victim, "exit", "5", "an argument"], old.Arguments!);
        Assert.Equal("code 5", old.Status);
        Assert.True(RecordView.TryParse(exit, out RecordView view));
        Assert.Null(memory.Find(view.Record));
    }

    [Fact]
    public void Each_thread_has_the_command_of_its_process_also_one_that_started_later()
    {
        CommandMemory memory = new();
        List<(byte[] Exit, byte[]? Exec)> threads = Watch(memory, perThread: true, () =>
        {
            Child child = Child.Start(TestProgram.Victim, "-w", "burn", "1", "4");
            child.ReadId();
            // Start times in /proc are in hundredths of a second.
            Thread.Sleep(30);
            child.WriteLine();
            child.Wait();
            return child;
        });
        Assert.Equal(4, threads.Count);
        foreach ((byte[] exit, byte[]? exec) in threads)
            Assert.Equal([TestProgram.Victim, "-w", "burn", "1", "4"], new ExitEvent(WithoutCommand(exit), exec, 0, utc: true, label: null).Arguments!);
    }

    [Theory]
    [MemberData(nameof(HostileCommandTests.Places), MemberType = typeof(HostileCommandTests))]
    public void Nothing_of_the_environment_is_taken_from_proc_wherever_a_process_says_its_arguments_are(
        string argStart, string argEnd, string envStart, string envEnd, bool shown)
    {
        string[] arguments = [TestProgram.Arguments, "map", argStart, argEnd, envStart, envEnd];
        using Child child = StartHostile(arguments[1..]);
        ExitEvent? found = FindInProc(child);
        HostileCommandTests.AssertNoEnvironment(found?.Arguments);
        // If the last byte is not a NUL, the kernel shows one text (get_mm_proctitle() in fs/proc/base.c).
        Assert.Equal(!shown ? null : argEnd == "E-10" ? arguments[..1] : arguments, found?.Arguments);
    }

    [Fact]
    public void Nothing_of_the_environment_is_taken_from_proc_by_a_user_to_whom_it_does_not_say_where_that_is()
    {
        List<string[]> modes = [.. HostileCommandTests.Places.Select(row => (string[])["map", row.Data.Item1, row.Data.Item2, row.Data.Item3, row.Data.Item4]), ["last-nul"]];
        Child[] children = [.. modes.Select(StartHostile)];
        CommandProgram.Seen[] seen = CommandProgram.RunAsNobody(children);
        Assert.All(seen, command => HostileCommandTests.AssertNoEnvironment(command.Arguments));
        Assert.Equal([TestProgram.Arguments, .. modes[0]], seen[0].Arguments!);
        Assert.Equal((true, true), (seen[^1].Arguments is null, seen[^1].Truncated));
        Array.ForEach(children, child => child.Dispose());
    }

    [Fact]
    public void Nothing_of_the_environment_is_taken_from_proc_where_a_process_says_that_its_stack_is_elsewhere_too()
    {
        using Child child = StartHostile("map", "a", "E", "E", "E", "E");
        ExitEvent found = FindInProc(child)!;
        Assert.Equal([TestProgram.Arguments, "map", "a", "E", "E", "E", "E"], found.Arguments!);
        Assert.True(found.CommandLineTruncated);
    }

    [Fact]
    public void Nothing_of_the_environment_is_taken_from_proc_where_the_last_NUL_of_the_arguments_is_overwritten()
    {
        using Child child = StartHostile("last-nul");
        ExitEvent found = FindInProc(child)!;
        Assert.Equal(["last-nul!"], found.Arguments!);
        Assert.True(found.CommandLineTruncated);
    }

    [Fact]
    public void A_user_who_may_not_read_the_executable_of_a_process_finds_its_arguments()
    {
        using Child child = Child.Start(TestProgram.Victim, "sleep", "30", "--option=a value", "");
        child.ReadId();
        CommandProgram.Seen seen = Assert.Single(CommandProgram.RunAsNobody([child]));
        Assert.Equal([TestProgram.Victim, "sleep", "30", "--option=a value", ""], seen.Arguments!);
        Assert.Equal((null, false), (seen.Path, seen.Truncated));
    }

    [Fact]
    public void A_process_that_lives_is_not_forgotten_where_proc_hides_it()
    {
        using Child child = Child.Start(TestProgram.Victim, "sleep", "30");
        child.ReadId();
        CommandProgram.Seen seen = Assert.Single(CommandProgram.RunAsNobody([child], hidden: true));
        Assert.True(seen.Known);
        // Most of 20,000 exited processes were removed.
        Assert.InRange(seen.Count, 0, 10_000);
    }

    [Fact]
    public void A_process_that_was_there_before_is_known_from_proc()
    {
        using Child child = Child.Start(TestProgram.Victim, "sleep", "30", "an argument", "");
        child.ReadId();
        ExitEvent exit = FindInProc(child)!;
        Assert.Equal(TestProgram.Victim, exit.Path);
        Assert.Equal([TestProgram.Victim, "sleep", "30", "an argument", ""], exit.Arguments!);

        CommandMemory memory = new();
        memory.ReadProc();
        ExitRecord record = ExitOf(child.Id);
        Assert.Null(memory.Find(record with { StartTime = record.StartTime + 1_000_000_000 }));
    }

    [Fact]
    public void The_command_of_a_process_that_exited_is_known_until_its_exit_is_read()
    {
        CommandMemory memory = new();
        // None of these processes exists any more, as if many exits were waiting to be read.
        const uint count = 20_000, first = (1 << 22) + 1;
        byte[] bytes = new byte[RecordView.BytesOffset];
        for (uint i = 0; i < count; i++)
        {
            System.Runtime.InteropServices.MemoryMarshal.Write(bytes, new ExitRecord { HostPid = first + i, ExitTime = i, Flags = RecordFlags.Exec | RecordFlags.Detail });
            Assert.True(RecordView.TryParse(bytes, out RecordView exec));
            memory.Add(exec, bytes);
        }
        for (uint i = 0; i < count; i++)
            Assert.NotNull(memory.Find(new ExitRecord { HostPid = first + i, ExitTime = count }));
    }

    /// <summary>The exits of a child as an older kernel would send them, each with the command that is known at that time.</summary>
    private static List<(byte[] Exit, byte[]? Exec)> Watch(CommandMemory memory, bool perThread, Func<Child> run)
    {
        LoadableBpf.Require();
        ExitProgramOptions options = new ExitTraceOptions
        {
            Fallbacks = ExitProgramFallbacks.NoGroupDead, ParentIds = [Environment.ProcessId], PerThread = perThread,
        }.ForProgram();
        using RecordQueue queue = new(64 << 20);
        ExitProgram program = ExitProgram.Start(options, CgroupHierarchy.Find());
        using RecordReader reader = RecordReader.Start(program, options, queue);
        using Child child = run();
        reader.Dispose();

        List<(byte[], byte[]?)> exits = [];
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
                    exits.Add((bytes.ToArray(), memory.Find(view.Record)));
                    continue;
                }
                execs++;
                memory.Add(view, bytes.ToArray());
            }
            queue.Return(chunk);
        }
        Assert.Equal(1, execs);
        return exits;
    }

    private static Child StartHostile(params string[] mode)
    {
        Child child = Child.Start(TestProgram.Arguments, mode.Select(Encoding.UTF8.GetBytes), HostileCommandTests.Environment);
        Assert.Equal("ready", child.ReadLine());
        return child;
    }

    /// <summary>The event of a process, with the command from /proc.</summary>
    private static ExitEvent? FindInProc(Child child)
    {
        CommandMemory memory = new();
        memory.ReadProc();
        return memory.Find(ExitOf(child.Id)) is { } found ? new ExitEvent(WithoutCommand(found), found, 0, utc: true, label: null) : null;
    }

    private static ExitRecord ExitOf(int id) =>
        new() { HostPid = (uint)id, StartTime = Proc.TimesOf(id).StartTime * 10_000_000, Flags = RecordFlags.GroupDead };

    /// <summary>The exit as an older kernel would send it, without path and arguments.</summary>
    private static byte[] WithoutCommand(byte[] record)
    {
        byte[] bytes = [.. record];
        ref ExitDetail detail = ref System.Runtime.InteropServices.MemoryMarshal.AsRef<ExitDetail>(bytes.AsSpan(RecordView.DetailOffset));
        detail.PathSize = detail.ArgsSize = detail.CgroupSize = 0;
        return bytes;
    }
}
