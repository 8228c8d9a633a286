namespace ExitSnoop.Cli.Tests;

/// <summary>The errors of the program with low limits of open files and memory.</summary>
public sealed class LimitTests
{
    [Fact]
    public void With_few_open_files_it_traces_or_says_what_to_raise()
    {
        Need.Kernel();
        List<int> statuses = [];
        for (int limit = 6; limit <= 40 && statuses.Count(status => status == 0) < 3; limit++)
        {
            (int status, _, string errors) = ConsoleProgram.Script(
                string.Create(CultureInfo.InvariantCulture, $"ulimit -n {limit}; exec \"$exitsnoop\" --timeout 0.1"));
            Assert.True(status == 0 || (status == 70 && errors.Contains("ulimit -n", StringComparison.Ordinal)), $"With {limit}: {status}, {errors}");
            statuses.Add(status);
        }
        Assert.Contains(0, statuses);
        Assert.Contains(70, statuses);
    }

    [Fact]
    public void With_little_memory_no_timer_aborts_it()
    {
        Need.Kernel();
        // With less the runtime itself does not start.
        for (int limit = 90_000; limit <= 120_000; limit += 3_000)
        {
            (int status, _, string errors) = ConsoleProgram.Script(
                string.Create(CultureInfo.InvariantCulture, $"ulimit -v {limit}; exec \"$exitsnoop\" --timeout 0.1"));
            Assert.False(status == 128 + 6 || errors.Contains("Unhandled", StringComparison.Ordinal), $"With {limit}: {status}, {errors}");
        }
    }

    [Fact]
    public void Without_memory_to_map_the_trace_ends_and_says_what_to_raise()
    {
        using Command trace = ConsoleProgram.Trace("--buffer-size", "1", "--per-thread");
        // Less than it has mapped, by half of what the reader maps of a buffer at a time: it unmaps one part and maps the
        // next. In pages: man 5 proc_pid_statm.
        long mapped = long.Parse(File.ReadAllText($"/proc/{trace.Id.Text()}/statm").Split(' ')[0], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
        CommandResult limited = Command.Run("prlimit", ["--pid", trace.Id.Text(), $"--as={mapped - (160 << 10)}"]);
        Assert.True(limited.ExitCode == 0, $"{limited}");
        // More than the part of a buffer that is mapped at a time, in each.
        for (int i = 0; i < 4; i++)
            Assert.Equal(0, Command.Run(TestProgram.Threads, ["-j", "4", "3000", "1"]).ExitCode);
        (int status, _, string errors) = trace.Wait();
        Assert.Equal(70, status);
        Assert.Contains("ulimit -v", errors, StringComparison.Ordinal);
    }
}
