using System.Globalization;
using System.Text.RegularExpressions;

namespace ExitSnoop.Cli.Tests;

/// <summary>How the program ends, and with which status.</summary>
public sealed class EndTests
{
    [Theory]
    [InlineData(ConsoleProgram.SIGINT, "\n\n")]
    [InlineData(ConsoleProgram.SIGTERM, "\n")]
    [InlineData(ConsoleProgram.SIGHUP, "\n")]
    public void A_signal_ends_it_with_everything_written(int signal, string end)
    {
        using ConsoleProgram trace = ConsoleProgram.Trace("--exit-code", "78");
        ConsoleProgram.Run("/bin/sh", "-c", "exit 78");
        trace.Kill(signal);
        (int status, string output, string errors) = trace.Wait();
        Assert.True(status == 0, errors);
        Assert.EndsWith(" code 78" + end, output, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_ends_without_an_empty_line()
    {
        using ConsoleProgram trace = ConsoleProgram.Trace("--json", "--exit-code", "78");
        ConsoleProgram.Run("/bin/sh", "-c", "exit 78");
        trace.Kill(ConsoleProgram.SIGINT);
        Assert.EndsWith("}\n", trace.Wait().Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public void A_signal_ends_it_in_the_background_of_a_script(string signal)
    {
        ConsoleProgram.RequireTracing();
        (int status, string output, string errors) = ConsoleProgram.Script(
            $"""
            file="$(mktemp)"
            "$exitsnoop" > "$file" & trace=$!
            while [ ! -s "$file" ]; do sleep 0.02; done
            sh -c 'exit 79'
            kill -{signal} $trace; wait $trace; status=$?
            cat "$file"; rm "$file"; exit $status
            """);
        Assert.True(status == 0, errors);
        Assert.Contains(" code 79\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void It_outlives_the_terminal_under_nohup()
    {
        ConsoleProgram.RequireTracing();
        (int status, string output, string errors) = ConsoleProgram.Script(
            """
            file="$(mktemp)"
            nohup "$exitsnoop" > "$file" & trace=$!
            while [ ! -s "$file" ]; do sleep 0.02; done
            kill -HUP $trace; sleep 0.2; sh -c 'exit 80'
            kill -TERM $trace; wait $trace; status=$?
            cat "$file"; rm "$file"; exit $status
            """);
        Assert.True(status == 0, errors);
        Assert.Contains(" code 80\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Output_that_a_slow_reader_has_not_taken_is_still_written()
    {
        ConsoleProgram.RequireTracing();
        // 2,000 lines are more than the pipe holds; they are read only after the signal.
        (int status, string output, string errors) = ConsoleProgram.Script(
            """
            fifo="$(mktemp -u)"; mkfifo "$fifo"
            "$exitsnoop" --parent $$ --exit-code 81 > "$fifo" & trace=$!
            exec 3< "$fifo"; rm "$fifo"; read header <&3
            i=0; while [ $i -lt 2000 ]; do (exit 81); i=$((i + 1)); done
            kill -TERM $trace; sleep 0.3
            grep -c ' code 81$' <&3; wait $trace
            """);
        Assert.True(status == 0, errors);
        Assert.Equal("2000", output.Trim());
    }

    [Fact]
    public void A_second_signal_ends_it_though_nobody_reads()
    {
        ConsoleProgram.RequireTracing();
        (int status, _, string errors) = ConsoleProgram.Script(
            """
            fifo="$(mktemp -u)"; mkfifo "$fifo"
            "$exitsnoop" --parent $$ --exit-code 82 > "$fifo" & trace=$!
            exec 3< "$fifo"; rm "$fifo"; read header <&3
            i=0; while [ $i -lt 2000 ]; do (exit 82); i=$((i + 1)); done
            kill -INT $trace; sleep 0.3; kill -INT $trace; wait $trace
            """);
        Assert.True(status == 130, $"status {status}: {errors}");
    }

    [Fact]
    public void It_ends_when_its_reader_does_though_nothing_happens()
    {
        ConsoleProgram.RequireTracing();
        // Nothing ever passes this filter.
        (int status, string output, string errors) = ConsoleProgram.Script(
            """
            { "$exitsnoop" --exit-code 5 --minimum-age 900000; echo "status $?" >&2; } | head -1
            """);
        Assert.Equal(0, status);
        Assert.StartsWith("PCOMM ", output, StringComparison.Ordinal);
        Assert.Equal("status 0\n", errors);
    }

    [Fact]
    public void A_full_disk_is_an_error()
    {
        ConsoleProgram.RequireTracing();
        (int status, _, string errors) = ConsoleProgram.Script("\"$exitsnoop\" > /dev/full");
        Assert.Equal((74, "exitsnoop: cannot write to standard output: No space left on device\n"), (status, errors));
    }

    [Fact]
    public void What_was_lost_is_told_when_it_happens_and_at_the_end()
    {
        const int Count = 5000;
        using ConsoleProgram trace = ConsoleProgram.Trace("--buffer-size", "1", "--name", "threads");
        // Stopped, it takes nothing from the kernel; a mebibyte has room for fewer events with their details.
        trace.Kill(ConsoleProgram.SIGSTOP);
        ConsoleProgram.Run(TestProgram.Threads, Count.ToString(CultureInfo.InvariantCulture), "1");
        trace.Kill(ConsoleProgram.SIGCONT);
        trace.WaitForError("lost: the kernel's buffer of 1 MiB was full. What helps: a larger buffer");
        int rows = TableRow.ReadAll(trace.Stop()).Count;
        Match total = Regex.Match(trace.Errors, "exitsnoop: Up to ([0-9]+) events were lost in all\\.\n$");
        Assert.True(total.Success, trace.Errors);
        Assert.InRange(rows, 1, Count);
        Assert.True(rows + int.Parse(total.Groups[1].Value, CultureInfo.InvariantCulture) > Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("--help")]
    public void Closed_output_is_an_error(string arguments)
    {
        (int status, _, string errors) = ConsoleProgram.Script($"\"$exitsnoop\" {arguments} >&-");
        Assert.Equal(74, status);
        Assert.Contains("standard output", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void It_ends_with_the_process_it_was_asked_for()
    {
        ConsoleProgram.RequireTracing();
        (int status, string output, string errors) = ConsoleProgram.Script("(sleep 1.5; exit 7) & \"$exitsnoop\" -p $!");
        Assert.True(status == 0, errors);
        Assert.EndsWith(" code 7", Assert.Single(output.TrimEnd().Split('\n').Skip(1)), StringComparison.Ordinal);
    }

    [Fact]
    public void It_ends_with_the_last_of_several_processes()
    {
        ConsoleProgram.RequireTracing();
        (int status, string output, string errors) = ConsoleProgram.Script(
            "(sleep 1.5; exit 7) & a=$!; (sleep 2; exit 8) & b=$!; (sleep 1.5; exit 0) & \"$exitsnoop\" -xp $a -p$b,$!");
        Assert.True(status == 0, errors);
        Assert.Equal(["7", "8"], output.TrimEnd().Split('\n').Skip(1).Select(row => row.Split("code ")[1]));
    }

    [Fact]
    public void It_ends_with_a_process_whose_death_is_filtered_out()
    {
        ConsoleProgram.RequireTracing();
        (int status, string output, string errors) = ConsoleProgram.Script("sleep 1.5 & \"$exitsnoop\" -x -p $!");
        Assert.True(status == 0, errors);
        Assert.Single(output.TrimEnd().Split('\n'));
    }

    [Fact]
    public void A_process_that_does_not_exist_is_an_error()
    {
        ConsoleProgram.RequireTracing();
        (int status, string output, string errors) = ConsoleProgram.Run(ConsoleProgram.File, "-p", "2147483647");
        Assert.Equal((1, "", "exitsnoop: no process has the id 2147483647\n"), (status, output, errors));
    }

    [Fact]
    public void The_others_are_waited_for_though_one_does_not_exist()
    {
        ConsoleProgram.RequireTracing();
        (int status, string output, string errors) = ConsoleProgram.Script("(sleep 1.5; exit 7) & \"$exitsnoop\" -p 2147483647 -p $!");
        Assert.Equal((1, "exitsnoop: no process has the id 2147483647\n"), (status, errors));
        Assert.EndsWith(" code 7\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_process_still_alive_when_the_time_is_up_is_an_error()
    {
        ConsoleProgram.RequireTracing();
        int self = Environment.ProcessId;
        (int status, _, string errors) = ConsoleProgram.Run(ConsoleProgram.File, "--timeout", "0.2", "-p", self.ToString(CultureInfo.InvariantCulture));
        Assert.Equal((1, $"exitsnoop: process {self} is still alive: time is up\n"), (status, errors));
    }

    [Fact]
    public void It_ends_after_so_many_events()
    {
        ConsoleProgram.RequireTracing();
        using ConsoleProgram trace = ConsoleProgram.Trace("-n", "3");
        for (int i = 0; i < 5; i++)
            ConsoleProgram.Run("/bin/true");
        (int status, string output, string errors) = trace.Wait();
        Assert.True(status == 0, errors);
        Assert.Equal(4, output.Count(c => c == '\n'));
    }

    [Theory]
    [InlineData("--nonsense")]
    [InlineData("--label")]
    [InlineData("-p abc")]
    [InlineData("--exit-code 0 --failed")]
    [InlineData("--buffer-size 3")]
    public void A_wrong_command_line_is_told_with_status_2(string arguments)
    {
        (int status, string output, string errors) = ConsoleProgram.Run(ConsoleProgram.File, arguments.Split(' '));
        Assert.Equal((2, ""), (status, output));
        Assert.Contains("exitsnoop: error: ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_libbpf_named_in_the_environment_is_not_loaded()
    {
        ConsoleProgram.RequireTracing();
        // The program has its own: privileges that it holds serve no code that its caller names.
        (int status, _, string errors) = ConsoleProgram.Run(ConsoleProgram.File, ["--timeout", "0", "--verbose"], new() { ["EXITSNOOP_LIBBPF"] = "/nonexistent/libbpf.so.1" });
        Assert.True(status == 0, errors);
        Assert.Contains("(linked into this program)", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_privilege_it_ends_with_77_and_says_which()
    {
        (int status, _, string errors) = RunAsNobody();
        Assert.Equal(77, status);
        Assert.Contains("CAP_BPF", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void The_program_is_printed_without_privilege()
    {
        (int status, string output, string errors) = RunAsNobody("--ebpf", "-x", "-p", "181");
        Assert.True(status == 0, errors);
        Assert.Contains("exitsnoop --ebpf -x -p 181", output, StringComparison.Ordinal);
        Assert.Contains("sched_process_exit", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Timespec_is_accepted_and_said_to_be_needless()
    {
        ConsoleProgram.RequireTracing();
        (int status, _, string errors) = ConsoleProgram.Run(ConsoleProgram.File, "--timespec", "--timeout", "0");
        Assert.Equal(0, status);
        Assert.Contains("--timespec", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void It_also_runs_on_an_installed_runtime()
    {
        ConsoleProgram.RequireTracing();
        (int status, string output, string errors) = ConsoleProgram.Run("dotnet", Path.Combine(AppContext.BaseDirectory, "exitsnoop.dll"), "--timeout", "0");
        Assert.True(status == 0, errors);
        Assert.StartsWith("PCOMM ", output, StringComparison.Ordinal);
    }

    [Fact]
    public void It_needs_little_memory_and_no_library_but_glibc()
    {
        using ConsoleProgram trace = ConsoleProgram.Trace();
        Thread.Sleep(1000);
        Dictionary<string, int> kilobytes = File.ReadLines($"/proc/{trace.Id}/status")
            .Where(line => line.StartsWith("Vm", StringComparison.Ordinal))
            .ToDictionary(line => line.Split(':')[0], line => int.Parse(line.Split(':')[1].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture));
        Assert.InRange(kilobytes["VmRSS"], 1, 16 * 1024);
        Assert.InRange(kilobytes["VmHWM"], 1, 20 * 1024);
        string[] known = ["exitsnoop", "libc.so", "libm.so", "ld-linux"];
        foreach (string file in File.ReadLines($"/proc/{trace.Id}/maps").Where(line => line.Contains(" r-xp ", StringComparison.Ordinal) && line.Contains('/', StringComparison.Ordinal)))
            Assert.Contains(known, name => Path.GetFileName(file).StartsWith(name, StringComparison.Ordinal));
        trace.Stop();
        Assert.InRange(new FileInfo(ConsoleProgram.File).Length, 1, 5 * 1024 * 1024);
    }

    private static (int Status, string Output, string Errors) RunAsNobody(params string[] arguments)
    {
        Need.Root();
        // The tree may lie where nobody can read.
        string copy = Path.GetTempFileName();
        File.Copy(ConsoleProgram.File, copy, overwrite: true);
        File.SetUnixFileMode(copy, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        try
        {
            return ConsoleProgram.Run("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all", copy, .. arguments], null);
        }
        finally
        {
            File.Delete(copy);
        }
    }
}
