using System.Globalization;
using System.Text.Json;

namespace ExitSnoop.Tests.Kernel;

/// <summary>Ids come round: in a PID namespace with a pid_max of 400, every hundred processes.</summary>
[Collection(KernelTests.Name)]
public sealed class ReusedIdTests
{
    /// <summary>
    /// Asks for two processes; the first dies, its id is used again and again while the second lives on: first
    /// while the tracer is stopped and so cannot take the id back, then while it runs.
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
        sleep 0.2
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
            }
            else if (line.Contains('\t', StringComparison.Ordinal))
            {
                used.Add(int.Parse(line.Split('\t')[0], CultureInfo.InvariantCulture));
            }
        }
        // Without that it would have shown nothing.
        Assert.True(used.Take(400).Contains(asked[0]) && used.Skip(400).Contains(asked[0]), $"{asked[0]} was used again too seldom among {used.Count}. {pidns.Errors.ReadToEnd()}");
        Assert.Equal([(asked[0], "signal 15 (TERM)"), (asked[1], "signal 9 (KILL)")], seen);
        Assert.Equal("lost 0", end);
    }
}
