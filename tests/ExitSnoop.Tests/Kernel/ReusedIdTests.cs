using System.Text.Json;

namespace ExitSnoop.Tests.Kernel;

/// <summary>Reused IDs: in a PID namespace with a pid_max of 400, IDs are reused after a hundred processes.</summary>
[Collection(KernelTests.Name)]
public sealed class ReusedIdTests
{
    /// <summary>
    /// Asks for two processes; the first dies, its ID is used again and again while the second lives on: first
    /// while the tracer is stopped and so cannot take the ID back, then while it runs.
    /// Those below 300 are given out only once (RESERVED_PIDS), so they are used up before. $0 is victim, $1
    /// is threads, and then comes the tracer's command.
    /// </summary>
    private const string Script =
        """
        victim=$0 threads=$1; shift
        "$threads" 310 1 >/dev/null
        "$victim" sleep 60 >/dev/null & first=$!
        "$victim" sleep 60 >/dev/null & second=$!
        echo "$first $second"
        "$@" --to-the-end --id $first --id $second & tracer=$!
        read go
        kill -STOP $tracer
        kill -TERM $first; wait $first
        "$threads" 400 1
        kill -CONT $tracer
        read go
        "$threads" 400 1
        kill -KILL $second
        wait $tracer
        """;

    [Fact]
    public void A_later_process_with_the_id_of_one_that_was_asked_for_is_not_reported()
    {
        LoadableBpf.Require();
        if (Environment.OSVersion.Version < new Version(6, 14))
            Assert.Skip("Before Linux 6.14 a PID namespace has no pid_max of its own.");
        using Child pidns = Child.Start(
            TestProgram.Pidns, ["--proc", "--pid-max", "400", "sh", "-c", Script, TestProgram.Victim, TestProgram.Threads, .. Tracer.Command]);
        int[] asked = [.. pidns.ReadLine().Split(' ').Select(id => int.Parse(id, CultureInfo.InvariantCulture))];
        Assert.Equal("attached", pidns.ReadLine());
        pidns.WriteLine();

        List<int> used = [];
        List<(int, string)> seen = [];
        string end = "";
        while (pidns.Output.ReadLine() is { } line)
        {
            end = line;
            if (line.StartsWith('{'))
            {
                TraceProgram.Line exit = JsonSerializer.Deserialize<TraceProgram.Line>(line)!;
                seen.Add((exit.Id, exit.Status));
                // The tracer has removed the first ID, so the script continues.
                if (seen.Count == 1)
                    pidns.WriteLine();
            }
            else if (line.Contains('\t', StringComparison.Ordinal))
            {
                used.Add(int.Parse(line.Split('\t')[0], CultureInfo.InvariantCulture));
            }
        }
        // Otherwise the test would prove nothing.
        Assert.True(used.Take(400).Contains(asked[0]) && used.Skip(400).Contains(asked[0]), $"{asked[0]} was used again too seldom among {used.Count}. {pidns.Errors.ReadToEnd()}");
        Assert.Equal([(asked[0], "signal 15 (TERM)"), (asked[1], "signal 9 (KILL)")], seen);
        Assert.Equal("lost 0", end);
    }

    [Fact]
    public void A_process_with_the_id_of_a_watched_one_but_another_start_is_not_reported()
    {
        LoadableBpf.Require();
        using Child watched = Child.Start(TestProgram.Victim, "-w", "exit", "1"), later = Child.Start(TestProgram.Victim, "-w", "exit", "2");
        ExitTraceOptions options = new() { Ids = [watched.Id, later.Id] };
        using ExitTrace trace = Watch(options, out ExitProgram program);
        // Simulates that the kernel did not run the program for the exit of the earlier process (Linux 7.0 and later).
        program.Ids.Set((uint)later.Id, later.StartedAfter - 1);
        foreach (Child child in new[] { later, watched })
        {
            child.WriteLine();
            child.Wait();
        }
        Assert.Equal([watched.Id], trace.ReadEvents(TestContext.Current.CancellationToken).Select(exit => exit.Id));
    }

    [Fact]
    public void A_descendant_that_has_the_id_of_the_process_asked_for_is_still_awaited()
    {
        LoadableBpf.Require();
        using Child root = Child.Start(TestProgram.Victim, "-w", "exit", "1");
        ExitTraceOptions options = new() { Ids = [root.Id], IncludeChildren = true };
        using ExitTrace trace = Watch(options, out ExitProgram program);
        // Simulates that its ID was reused within the tree before its pidfd was polled.
        program.Ids.Set((uint)root.Id, ulong.MaxValue);
        root.WriteLine();
        root.Wait();
        Assert.True(SpinWait.SpinUntil(() => trace.AliveIds.Count == 0, TimeSpan.FromSeconds(10)));
        Assert.False(SpinWait.SpinUntil(() => trace.IsCompleted, TimeSpan.FromMilliseconds(200)));
        Assert.Empty(trace.TakeUnseenIds());
        Assert.True(program.Ids.TryGet((uint)root.Id, out _));
    }

    [Fact]
    public void A_process_whose_id_another_one_is_given_is_not_awaited_any_more()
    {
        LoadableBpf.Require();
        using Child root = Child.Start(TestProgram.Victim, "-w", "exit", "1");
        ExitTraceOptions options = new() { Ids = [root.Id], IncludeChildren = true };
        using ExitTrace trace = Watch(options, out ExitProgram program);
        // Simulates that the kernel did not run the program for the exits of the processes with the next IDs.
        int last = int.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[^1], CultureInfo.InvariantCulture);
        for (int next = 1; next <= 300; next++)
            program.Ids.Set((uint)(last + next), 1);
        using Child other = Child.Run(TestProgram.Victim, "exit", "1");
        Assert.InRange(other.Id, last + 1, last + 300);
        Assert.False(program.Ids.TryGet((uint)other.Id, out _));
    }

    /// <summary>A trace whose map of IDs a test can change, as if the kernel had not run the program for an exit.</summary>
    private static ExitTrace Watch(ExitTraceOptions options, out ExitProgram program)
    {
        program = ExitProgram.Start(options.ForProgram(), CgroupHierarchy.Find());
        return new ExitTrace(options, program);
    }
}
