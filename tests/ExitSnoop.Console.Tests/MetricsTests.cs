namespace ExitSnoop.Cli.Tests;

/// <summary>--metrics, from the command line to the file that node_exporter reads.</summary>
public sealed class MetricsTests
{
    [Theory]
    [InlineData("", "None")]
    [InlineData("-x --service nginx -n 3 --timeout 5 -v", "None")]
    [InlineData("-t", "Table")]
    [InlineData("--utc", "Table")]
    [InlineData("--label web1", "Table")]
    [InlineData("--stack-trace", "Table")]
    [InlineData("--why", "Why")]
    [InlineData("--json", "Json")]
    public void Alone_it_prints_nothing_and_beside_an_output_that(string others, string view)
    {
        CommandLine command = CommandLine.Read(["--metrics", "/x", .. others.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.Equal((view, RunMode.Watch), ($"{command.View}", command.Mode));
        Assert.True(command.Trace is { MetricsFile: "/x", Basic: false });
        Assert.Equal("/x", CommandLine.Read(["--record", "/r", "--metrics", "/x"]).Trace.MetricsFile);
    }

    [Fact]
    public void Crashes_of_a_service_are_counted_from_0_on_and_go_on_after_a_restart()
    {
        Need.Kernel();
        using TestFolder folder = new();
        using TestCgroup cgroup = TestCgroup.Create($"exitsnoop-test-{Environment.ProcessId}.service");
        string file = folder.Path("exits.prom"), service = Path.GetFileName(cgroup.Folder);
        string crashed = $"process_exits_total{{result=\"crashed\",service=\"{service}\"}}";
        string[] ours = ["--parent", $"{Environment.ProcessId}", "--metrics", file];
        using (Command program = ConsoleProgram.Trace(ours))
        {
            Eventually.True(() => Has(file, crashed + " 0"), "A service that runs is there before anything of it exits.");
            Crash(cgroup);
            Crash(cgroup);
            Assert.Equal("", program.Stop());
        }
        Assert.True(Has(file, crashed + " 2"), File.ReadAllText(file));
        Assert.True(Has(file, "process_exit_signals_total{signal=\"SEGV\"} 2"), File.ReadAllText(file));

        using (Command recorder = ConsoleProgram.Trace([.. ours, "--record", folder.Path("recording")]))
        {
            Crash(cgroup);
            Assert.Equal("", recorder.Stop());
        }
        Assert.True(Has(file, crashed + " 3"), File.ReadAllText(file));
        Assert.True(Has(file, "exitsnoop_recording_paused 0"), File.ReadAllText(file));
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_an_error_before_anything_is_traced()
    {
        CommandResult device = ConsoleProgram.Run("--metrics", "/dev/null");
        Assert.Equal((73, "exitsnoop: error: The metrics cannot be written to /dev/null: it is not a regular file, and would be replaced by one.\n"), (device.ExitCode, device.Error));
        CommandResult nowhere = ConsoleProgram.Run("--metrics", "/nowhere/exits.prom", "--json");
        Assert.Equal((73, "exitsnoop: error: The metrics cannot be written to /nowhere/exits.prom: No such file or directory.\n"), (nowhere.ExitCode, nowhere.Error));
    }

    private static void Crash(TestCgroup cgroup)
    {
        using Victim victim = cgroup.StartVictim("null-deref");
        Assert.Equal(128 + (int)Signal.SEGV, victim.Die());
    }

    private static bool Has(string file, string line) => File.Exists(file) && File.ReadAllLines(file).Contains(line);
}
