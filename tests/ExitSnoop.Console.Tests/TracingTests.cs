using System.Globalization;
using System.Text.Json;
using System.Text;

namespace ExitSnoop.Cli.Tests;

/// <summary>What the program says of real deaths, against what waitpid(2) said to their parent.</summary>
public sealed class TracingTests
{
    [Fact]
    public void Every_case_of_the_scenario_is_told_once_with_the_status_of_waitpid()
    {
        List<Death> deaths = [];
        string table;
        using (ConsoleProgram trace = ConsoleProgram.Trace())
        {
            deaths.AddRange(RunScenario());
            table = trace.Stop();
        }

        // Ids come round within a second of a storm: another's child is no one of these.
        ILookup<(int, int), TableRow> rows = TableRow.ReadAll(table).ToLookup(row => (row.Id, row.ParentId));
        foreach (Death death in deaths.Where(death => !death.IsThread))
            Assert.Equal(death.Row, Assert.Single(rows[(death.Id, death.Row.ParentId)]));
    }

    [Fact]
    public void Every_thread_of_the_scenario_is_told_once()
    {
        List<Death> deaths;
        string table;
        using (ConsoleProgram trace = ConsoleProgram.Trace("--per-thread"))
        {
            deaths = RunScenario();
            table = trace.Stop();
        }

        ILookup<int, TableRow> rows = TableRow.ReadAll(table).ToLookup(row => row.ThreadId);
        Assert.Contains(deaths, death => death.IsThread);
        foreach (Death death in deaths.Where(death => death.IsThread))
        {
            // Of two threads of the same id, one has executed a program and taken over the id of the main thread.
            TableRow row = Assert.Single(rows[death.ThreadId], row => row.Name == death.Name);
            Assert.Equal((death.Id, death.Status), (row.Id, row.Status));
        }
    }

    [Fact]
    public void Json_says_the_same_and_keeps_names_as_they_are()
    {
        List<Death> deaths;
        string lines;
        using (ConsoleProgram trace = ConsoleProgram.Trace("--json"))
        {
            deaths = RunScenario("comm", "signal", "exit");
            lines = trace.Stop();
        }

        ILookup<int, JsonElement> events = lines.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)
            .ToLookup(exit => exit.GetProperty("Id").GetInt32());
        foreach (Death death in deaths.Where(death => !death.IsThread))
        {
            JsonElement exit = Assert.Single(events[death.Id]);
            Assert.Equal(death.Status, exit.GetProperty("Status").GetString());
            Assert.Equal(death.Name, exit.GetProperty("Name").GetString());
            Assert.Equal(death.WaitStatus & 0x7f, (int)Enum.Parse<Signal>(exit.GetProperty("Signal").GetString()!));
        }
    }

    [Fact]
    public void Failed_leaves_out_those_that_did_not()
    {
        List<Death> deaths;
        string table;
        using (ConsoleProgram trace = ConsoleProgram.Trace("-x"))
        {
            deaths = RunScenario("exit");
            table = trace.Stop();
        }

        ILookup<int, TableRow> rows = TableRow.ReadAll(table).ToLookup(row => row.Id);
        foreach (Death death in deaths)
            Assert.Equal(death.WaitStatus == 0 ? 0 : 1, rows[death.Id].Count());
    }

    [Fact]
    public void A_line_comes_when_the_process_dies_and_not_when_the_trace_ends()
    {
        ConsoleProgram.RequireTracing();
        // The reader of the pipe tells when it got the line, which is to be no more than 20 ms after the death; busy machines take longer.
        (int status, string output, _) = ConsoleProgram.Script(
            """
            mkfifo "${TMPDIR:-/tmp}/exitsnoop-$$"; fifo="${TMPDIR:-/tmp}/exitsnoop-$$"
            "$exitsnoop" --exit-code 77 > "$fifo" & exec 3< "$fifo"; rm "$fifo"
            read header <&3
            sh -c 'exit 77'; start=$(date +%s%N)
            read line <&3; end=$(date +%s%N)
            kill $!; wait $!
            echo $(( (end - start) / 1000000 ))
            """);
        Assert.Equal(0, status);
        Assert.InRange(int.Parse(output, CultureInfo.InvariantCulture), 0, 1000);
    }

    [Fact]
    public void Times_are_those_of_death_in_the_zone_of_TZ()
    {
        ConsoleProgram.RequireTracing();
        DateTime before = DateTime.UtcNow;
        (int status, string output, string errors) = ConsoleProgram.Script("""(sleep 1.5; exit 76) & TZ=IST-5:30 "$exitsnoop" -t -p $! --exit-code 76""");
        DateTime after = DateTime.UtcNow;
        Assert.True(status == 0, errors);
        string[] lines = output.TrimEnd().Split('\n');
        Assert.StartsWith("TIME-IST     PCOMM ", lines[0], StringComparison.Ordinal);
        TimeSpan time = TimeSpan.Parse(lines[1].AsSpan(0, 12), CultureInfo.InvariantCulture);
        TimeSpan first = before.AddHours(5.5).AddMilliseconds(-1).TimeOfDay, last = after.AddHours(5.5).TimeOfDay;
        Assert.True(first <= last ? time >= first && time <= last : time >= first || time <= last, $"{first} {time} {last}");
    }

    [Theory]
    [InlineData("--exit-code 5,6", "exit 5")]
    [InlineData("--exit-code 6 --exit-code 5", "exit 5")]
    [InlineData("--signal TERM", "kill -TERM $$")]
    [InlineData("--signal 9,TERM", "kill -KILL $$")]
    [InlineData("--minimum-age 0.3 --exit-code 5", "sleep 0.4; exit 5")]
    [InlineData("--user 0 --exit-code 5", "exit 5")]
    [InlineData("--name [sx]h --exit-code 5", "exit 5")]
    [InlineData("--name nope --name sh --exit-code 5", "exit 5")]
    public void A_filter_lets_pass_what_it_names(string filter, string death)
    {
        Need.Root();
        Assert.Equal(1, CountRows(filter, death));
    }

    [Theory]
    [InlineData("--exit-code 6", "exit 5")]
    [InlineData("--exit-code 15", "kill -TERM $$")]
    [InlineData("--signal 5", "exit 5")]
    [InlineData("--minimum-age 100", "exit 5")]
    [InlineData("--user 12345", "exit 5")]
    [InlineData("--name bash", "exit 5")]
    [InlineData("--parent 1", "exit 5")]
    public void A_filter_holds_back_what_it_does_not_name(string filter, string death) => Assert.Equal(0, CountRows(filter, death));

    [Fact]
    public void Parent_shows_the_children_of_one_process()
    {
        ConsoleProgram.RequireTracing();
        (_, string output, _) = ConsoleProgram.Script(
            """
            "$exitsnoop" --parent $$ > "${TMPDIR:-/tmp}/exitsnoop-$$" & trace=$!
            while [ ! -s "${TMPDIR:-/tmp}/exitsnoop-$$" ]; do sleep 0.02; done
            sh -c 'sh -c "exit 61"; exit 62'
            kill $trace; wait $trace
            cat "${TMPDIR:-/tmp}/exitsnoop-$$"; rm "${TMPDIR:-/tmp}/exitsnoop-$$"
            """);
        Assert.Contains("code 62", output, StringComparison.Ordinal);
        Assert.DoesNotContain("code 61", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tree_of_processes_is_followed_to_its_end()
    {
        ConsoleProgram.RequireTracing();
        // The orphan outlives the process that was asked for.
        (int status, string output, string errors) = ConsoleProgram.Script(
            """
            sh -c 'sleep 1.5; (sleep 0.5; exit 63) & sh -c "exit 64"; exit 65' &
            "$exitsnoop" -x -p $! --include-children
            """);
        Assert.True(status == 0, errors);
        Assert.Equal(["64", "65", "63"], output.TrimEnd().Split('\n').Skip(1).Select(row => row.Split("code ")[1]));
    }

    [Theory]
    [InlineData("null-deref", "signal 11 (SEGV)", "MAPERR at 0x0")]
    [InlineData("abort", "signal 6 (ABRT)", "victim (")]
    public void Why_names_the_reason_and_the_command(string mode, string status, string reason)
    {
        ConsoleProgram.RequireTracing();
        (int code, string output, string errors) = ConsoleProgram.Script(
            $"""
            ulimit -c 0
            (sleep 1.5; exec "$victim" {mode}) > /dev/null & "$exitsnoop" --why -p $!
            """);
        Assert.True(code == 0, errors);
        string row = output.TrimEnd().Split('\n')[1];
        Assert.Contains(status, row, StringComparison.Ordinal);
        Assert.Contains(" " + reason, row, StringComparison.Ordinal);
        Assert.EndsWith("victim " + mode, row, StringComparison.Ordinal);
    }

    [Fact]
    public void Why_names_the_killer()
    {
        ConsoleProgram.RequireTracing();
        (int code, string output, string errors) = ConsoleProgram.Script(
            """
            sleep 100 & "$exitsnoop" --why -p $! > "${TMPDIR:-/tmp}/exitsnoop-$$" & trace=$!
            while [ ! -s "${TMPDIR:-/tmp}/exitsnoop-$$" ]; do sleep 0.02; done
            pkill -KILL -P $$ sleep; wait $trace; status=$?
            cat "${TMPDIR:-/tmp}/exitsnoop-$$"; rm "${TMPDIR:-/tmp}/exitsnoop-$$"; exit $status
            """);
        Assert.True(code == 0, errors);
        Assert.Matches("signal 9 \\(KILL\\) +pkill \\(\\d+\\) +sleep 100$", output.TrimEnd());
    }

    /// <summary>How many lines a shell's death by such a script makes.</summary>
    private static int CountRows(string filter, string death)
    {
        using ConsoleProgram trace = ConsoleProgram.Trace(filter.Split(' '));
        (_, string id, _) = ConsoleProgram.Run("/bin/sh", "-c", "echo $$; " + death);
        return TableRow.ReadAll(trace.Stop()).Count(row => row.Id == int.Parse(id, CultureInfo.InvariantCulture));
    }

    /// <summary>
    /// case TAB comm TAB pid TAB ppid TAB status ..., and for a thread "thread" TAB comm TAB pid TAB tid TAB status TAB case.
    /// </summary>
    private static List<Death> RunScenario(params string[] cases)
    {
        (int status, string output, string errors) = ConsoleProgram.Run(TestProgram.Scenario, ["--cores", .. cases], null);
        Assert.True(status == 0, errors);
        List<Death> deaths = [];
        foreach (string line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] cells = line.Split('\t');
            string name = Encoding.UTF8.GetString(GoldenTableTests.Unescape(cells[1]));
            bool isThread = cells[0] == "thread";
            deaths.Add(new Death(name, Number(2), isThread ? null : Number(3), isThread ? Number(3) : Number(2), isThread, Number(4)));

            int Number(int cell) => int.Parse(cells[cell], CultureInfo.InvariantCulture);
        }

        Assert.NotEmpty(deaths);
        return deaths;
    }

    private sealed record Death(string Name, int Id, int? ParentId, int ThreadId, bool IsThread, int WaitStatus)
    {
        internal string Status => (WaitStatus & 0x7f) switch
        {
            0 => WaitStatus >> 8 == 0 ? "0" : $"code {WaitStatus >> 8}",
            int signal => $"signal {signal} ({SignalNames.GetName((Signal)signal)})" + ((WaitStatus & 0x80) != 0 ? ", core dumped" : ""),
        };

        internal TableRow Row => new(DisplayText.Escape(Name).TrimEnd(), Id, ParentId!.Value, ThreadId, Status);
    }
}
