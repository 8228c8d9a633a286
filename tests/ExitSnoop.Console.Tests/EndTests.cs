using System.Text.RegularExpressions;

namespace ExitSnoop.Cli.Tests;

/// <summary>How the program ends, and with which status.</summary>
public sealed class EndTests
{
    // For sh: waits until the trace has ended, although its output is not yet read.
    private const string AwaitDetached = "while grep -qs ^prog_id: /proc/$trace/fdinfo/*; do sleep 0.02; done";

    [Theory]
    [InlineData(Command.SigInt, "\n\n")]
    [InlineData(Command.SigTerm, "\n")]
    [InlineData(Command.SigHup, "\n")]
    public void A_signal_ends_it_with_everything_written(int signal, string end)
    {
        using Command trace = ConsoleProgram.Trace("--exit-code", "78");
        using Child child = Child.Run("sh", "-c", "exit 78");
        trace.Signal(signal);
        CommandResult result = trace.Wait();
        Assert.True(result.ExitCode == 0, $"{result}");
        Assert.EndsWith(" code 78" + end, result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_ends_without_an_empty_line()
    {
        using Command trace = ConsoleProgram.Trace("--json", "--exit-code", "78");
        using Child child = Child.Run("sh", "-c", "exit 78");
        trace.Signal(Command.SigInt);
        Assert.EndsWith("}\n", trace.Wait().Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public void A_signal_ends_it_in_the_background_of_a_script(string signal)
    {
        Need.Kernel();
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
        Need.Kernel();
        (int status, string output, string errors) = ConsoleProgram.Script(
            """
            file="$(mktemp)"
            nohup "$exitsnoop" > "$file" & trace=$!
            while [ ! -s "$file" ]; do sleep 0.02; done
            kill -HUP $trace; sh -c 'exit 80'
            sed -n 's/^SigIgn:.*\(.\)$/ignored \1/p' /proc/$trace/status
            kill -TERM $trace; wait $trace; status=$?
            cat "$file"; rm "$file"; exit $status
            """);
        Assert.True(status == 0, errors);
        Assert.Contains(" code 80\n", output, StringComparison.Ordinal);
        // The lowest bit is that of HUP: the signal is ignored.
        Assert.Matches("^ignored [13579bdf]\n", output);
    }

    [Fact]
    public void Output_that_a_slow_reader_has_not_taken_is_still_written()
    {
        Need.Kernel();
        // 2,000 lines are more than the pipe holds; they are read only after the signal.
        (int status, string output, string errors) = ConsoleProgram.Script(
            $"""
            fifo="$(mktemp -u)"; mkfifo "$fifo"
            "$exitsnoop" --parent $$ --exit-code 81 > "$fifo" & trace=$!
            exec 3< "$fifo"; rm "$fifo"; read header <&3
            i=0; while [ $i -lt 2000 ]; do (exit 81); i=$((i + 1)); done
            kill -TERM $trace; {AwaitDetached}
            grep -c ' code 81$' <&3; wait $trace
            """);
        Assert.True(status == 0, errors);
        Assert.Equal("2000", output.Trim());
    }

    [Fact]
    public void A_time_limit_ends_it_though_its_reader_is_slow_and_exits_go_on()
    {
        Need.Kernel();
        // The exits go on until it has ended.
        (int status, string output, string errors) = ConsoleProgram.Script(
            """
            fifo="$(mktemp -u)"; mkfifo "$fifo"
            "$exitsnoop" --timeout 1 --exit-code 83 > "$fifo" & trace=$!
            exec 3< "$fifo"; rm "$fifo"; read header <&3
            (i=0; while kill -0 $trace && [ $i -lt 20000 ]; do (exit 83); i=$((i + 1)); done) 2>/dev/null &
            n=0; while read line <&3; do n=$((n + 1)); [ $((n % 50)) -ne 0 ] || sleep 0.05; done
            wait $trace && echo $n
            """);
        Assert.True(status == 0, errors);
        Assert.InRange(int.Parse(output, CultureInfo.InvariantCulture), 1, 15_000);
    }

    [Fact]
    public void A_second_signal_ends_it_though_nobody_reads()
    {
        Need.Kernel();
        (int status, _, string errors) = ConsoleProgram.Script(
            $"""
            fifo="$(mktemp -u)"; mkfifo "$fifo"
            "$exitsnoop" --parent $$ --exit-code 82 > "$fifo" & trace=$!
            exec 3< "$fifo"; rm "$fifo"; read header <&3
            i=0; while [ $i -lt 2000 ]; do (exit 82); i=$((i + 1)); done
            kill -INT $trace; {AwaitDetached}
            kill -INT $trace; wait $trace
            """);
        Assert.True(status == 130, $"status {status}: {errors}");
    }

    [Fact]
    public void It_ends_when_its_reader_does_though_nothing_happens()
    {
        Need.Kernel();
        // No exit passes this filter.
        (int status, string output, string errors) = ConsoleProgram.Script(
            """
            { "$exitsnoop" --exit-code 5 --minimum-age 900000; echo "status $?" >&2; } | head -1
            """);
        Assert.Equal(0, status);
        Assert.StartsWith("PCOMM ", output, StringComparison.Ordinal);
        Assert.Equal("status 0\n", errors);
    }

    [Fact]
    public void What_was_lost_is_told_when_it_happens_and_at_the_end()
    {
        const int Count = 5000;
        using TestFolder folder = new();
        string program = folder.Copy(TestProgram.Threads, "told-of-losses");
        using Command trace = ConsoleProgram.Trace("--buffer-size", "1", "--name", Path.GetFileName(program));
        // While it is stopped it reads nothing. A ring buffer of 1 MiB has room for fewer events with details.
        trace.Signal(Command.SigStop);
        using Child storm = Child.Start(program, Count.Text(), "1");
        _ = storm.Output.ReadToEnd();
        storm.Wait();
        trace.Signal(Command.SigCont);
        trace.WaitForError("lost: the kernel's buffer of 1 MiB was full. What helps: a larger buffer");
        int rows = TableRow.ReadAll(trace.Stop()).Count;
        Match total = Regex.Match(trace.Error, "exitsnoop: Up to ([0-9]+) events were lost in all\\.\n$");
        Assert.True(total.Success, trace.Error);
        Assert.InRange(rows, 1, Count);
        Assert.True(rows + int.Parse(total.Groups[1].Value, CultureInfo.InvariantCulture) > Count);
    }

    [Theory]
    [InlineData("> /dev/full", 74, "exitsnoop: cannot write to standard output: No space left on device\n")]
    [InlineData(">&-", 74, "standard output")]
    [InlineData("--help >&-", 74, "standard output")]
    [InlineData("-p 2147483647", 1, "exitsnoop: no process has the ID 2147483647\n")]
    [InlineData("--timeout 0.2 -p $PPID", 1, " has not exited within the given time\n")]
    [InlineData("--nonsense", 2, "exitsnoop: error: ")]
    [InlineData("--label", 2, "exitsnoop: error: ")]
    [InlineData("-p abc", 2, "exitsnoop: error: ")]
    [InlineData("--exit-code 0 --failed", 2, "exitsnoop: error: ")]
    [InlineData("--buffer-size 3", 2, "exitsnoop: error: ")]
    [InlineData("--timespec --timeout 0", 0, "--timespec")]
    public void Its_status_and_its_error_say_how_it_ended(string arguments, int status, string error)
    {
        Need.Kernel();
        CommandResult result = ConsoleProgram.Script($"\"$exitsnoop\" {arguments}");
        Assert.Equal(status, result.ExitCode);
        Assert.Contains(error, result.Error, StringComparison.Ordinal);
        if (status == 2 || arguments == "-p 2147483647")
            Assert.Equal("", result.Output);
    }

    [Fact]
    public void It_ends_with_the_last_of_the_processes_it_was_asked_for()
    {
        using Child first = Child.StartHeld("sh", "-c", "exit 7"), last = Child.StartHeld("sh", "-c", "exit 8"), fine = Child.StartHeld("true");
        using Command trace = ConsoleProgram.Trace("-xp", first.Id.Text(), $"-p{last.Id},{fine.Id}");
        Release(fine, first);
        trace.WaitForOutput(" code 7\n");
        Assert.False(trace.HasExited);
        Release(last);
        CommandResult result = trace.Wait();
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(["7", "8"], result.Lines.Skip(1).Select(row => row.Split("code ")[1]));
    }

    [Fact]
    public void The_others_are_waited_for_though_one_does_not_exist()
    {
        using Child child = Child.StartHeld("sh", "-c", "exit 7");
        using Command trace = ConsoleProgram.Trace("-p", "2147483647", "-p", child.Id.Text());
        Release(child);
        (int status, string output, string errors) = trace.Wait();
        Assert.Equal(1, status);
        Assert.Contains("exitsnoop: no process has the ID 2147483647\n", errors, StringComparison.Ordinal);
        Assert.EndsWith(" code 7\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void It_ends_after_so_many_events()
    {
        using Command trace = ConsoleProgram.Trace("-n", "3");
        for (int i = 0; i < 5; i++)
            Child.Run("true").Dispose();
        CommandResult result = trace.Wait();
        Assert.Equal((0, 4), (result.ExitCode, result.Lines.Length));
    }

    [Fact]
    public void A_libbpf_named_in_the_environment_is_not_loaded()
    {
        Need.Kernel();
        // libbpf is linked into the program, so its privileges cannot be used by code of the caller.
        (int status, _, string errors) = Command.Run(
            ConsoleProgram.File, ["--timeout", "0", "--verbose"], environment: new Dictionary<string, string?> { ["EXITSNOOP_LIBBPF"] = "/nonexistent/libbpf.so.1" });
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
    public void It_also_runs_on_an_installed_runtime()
    {
        Need.Kernel();
        (int status, string output, string errors) = Command.Run("dotnet", [Path.Combine(AppContext.BaseDirectory, "exitsnoop.dll"), "--timeout", "0"]);
        Assert.True(status == 0, errors);
        Assert.StartsWith("PCOMM ", output, StringComparison.Ordinal);
    }

    [Fact]
    public void It_needs_little_memory_and_no_library_but_glibc()
    {
        using Command trace = ConsoleProgram.Trace();
        using Child storm = Child.Run(TestProgram.Threads, "500", "1");
        trace.WaitForOutput("\nthreads ");
        Dictionary<string, int> kilobytes = File.ReadLines($"/proc/{trace.Id}/status")
            .Where(line => line.StartsWith("Vm", StringComparison.Ordinal))
            .ToDictionary(line => line.Split(':')[0], line => int.Parse(line.Split(':')[1].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture));
        Assert.InRange(kilobytes["VmRSS"], 1, 16 * 1024);
        // Before 6.16 libbpf reads the kernel's type information and copies it, where it is mapped from then on.
        Assert.InRange(kilobytes["VmHWM"], 1, (Environment.OSVersion.Version >= new Version(6, 16) ? 14 : 20) * 1024);
        string[] known = ["exitsnoop", "libc.so", "libm.so", "ld-linux"];
        foreach (string file in File.ReadLines($"/proc/{trace.Id}/maps").Where(line => line.Contains(" r-xp ", StringComparison.Ordinal) && line.Contains('/', StringComparison.Ordinal)))
            Assert.Contains(known, name => Path.GetFileName(file).StartsWith(name, StringComparison.Ordinal));
        trace.Stop();
        // 5.1 MiB, of which libbpf, the unwinder and the compression of recordings take most beside the runtime.
        Assert.InRange(new FileInfo(ConsoleProgram.File).Length, 1, 6 * 1024 * 1024);
    }

    private static void Release(params Child[] held)
    {
        foreach (Child child in held)
        {
            child.WriteLine();
            child.Wait();
        }
    }

    private static CommandResult RunAsNobody(params string[] arguments)
    {
        Need.Root();
        // The user nobody may not be able to read the repository.
        using TestFolder folder = new();
        string copy = folder.Copy(ConsoleProgram.File, "exitsnoop");
        return Command.Run(Need.Program("setpriv"), ["--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all", copy, .. arguments]);
    }
}
