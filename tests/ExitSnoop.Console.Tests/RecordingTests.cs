namespace ExitSnoop.Cli.Tests;

/// <summary>Exits that the program records and reads.</summary>
public sealed class RecordingTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 25, 22, 30, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("-8h", "2026-11-25T14:30:00")]
    [InlineData("-1h30m", "2026-11-25T21:00:00")]
    [InlineData("-90", "2026-11-25T22:28:30")]
    [InlineData("-2d", "2026-11-23T22:30:00")]
    [InlineData("14:05", "2026-11-25T14:05:00")]
    [InlineData("today", "2026-11-25T00:00:00")]
    [InlineData("yesterday", "2026-11-24T00:00:00")]
    [InlineData("2026-11-01", "2026-11-01T00:00:00")]
    [InlineData("2026-11-01T10:11", "2026-11-01T10:11:00")]
    [InlineData("2026-11-01T10:11:12.5+05:30", "2026-11-01T04:41:12.5")]
    [InlineData("2026-11-01T10:11:12Z", "2026-11-01T10:11:12")]
    public void A_time_can_be_written_as_people_write_it(string text, string moment)
    {
        Assert.True(TimeArgument.TryParse(text, utc: true, Now, out DateTimeOffset time), text);
        Assert.Equal(DateTime.Parse(moment, CultureInfo.InvariantCulture), time.UtcDateTime);
        Assert.NotNull(CommandLine.Read(["--read", "/x", "--after", text]).Reading.After);
    }

    [Fact]
    public void Options_reach_the_recorder_and_the_reader()
    {
        CommandLine record = CommandLine.Read(["--record", "/x", "--max-size", "1.5G", "--max-age=7d", "--keep-free", "5%", "--no-arguments", "--group", "adm", "-x"]);
        Assert.Equal(RunMode.Record, record.Mode);
        Assert.Equal(
            new ExitRecorderOptions { Directory = "/x", MaxSize = 3L << 29, MaxAge = TimeSpan.FromDays(7), KeepFreePercent = 5, KeepArguments = false, Group = "adm" },
            record.Recorder);
        Assert.True(record.Trace is { Failed: true, Basic: false, StackTrace: true });

        CommandLine read = CommandLine.Read(["--read", "/x", "/y", "--oldest", "-n", "5", "--read=/z", "--crashed"]);
        Assert.Equal((RunMode.Read, View.Why), (read.Mode, read.View));
        Assert.Equal(["/x", "/y", "/z"], read.Recordings);
        Assert.True(read.Reading is { OldestFirst: true, Follow: false, Filter: { Crashed: true, MaxEvents: 5 } });
        Assert.Equal(View.Table, CommandLine.Read(["--read", "/x", "-t"]).View);
    }

    [Fact]
    public void A_recorder_is_killed_and_a_block_damaged_and_all_but_that_block_comes_back()
    {
        using TestFolder folder = new();
        string recording = folder.Path("recording");
        List<int> victims = [];
        using (Command recorder = ConsoleProgram.Trace("--record", recording, "--parent", $"{Environment.ProcessId}", "--name", "victim"))
        {
            for (int i = 0; i < 20; i++)
                using (Child victim = Child.Run(TestProgram.Victim, i % 2 == 0 ? ["exit", "3"] : ["null-deref"]))
                    victims.Add(victim.Id);
            Eventually.True(() => Read(recording).Lines.Length == 21, "Within a second they can be read.");
            CommandResult second = ConsoleProgram.Run("--record", recording);
            Assert.Equal(73, second.ExitCode);
            Assert.Contains($"Another recorder writes to {recording}.", second.Error, StringComparison.Ordinal);
            recorder.Signal(Command.SigKill);
        }
        using (Command recorder = ConsoleProgram.Trace("--record", recording, "--parent", $"{Environment.ProcessId}", "--name", "victim"))
        {
            using (Child victim = Child.Run(TestProgram.Victim, "exit", "4"))
                victims.Add(victim.Id);
            recorder.Signal(Command.SigHup);
            recorder.Stop();
        }

        CommandResult all = Read(recording, "--oldest", "--json");
        Assert.Equal(victims, all.Lines.Select(line => int.Parse(line.Split("\"Id\":")[1].Split(',')[0], CultureInfo.InvariantCulture)));
        Assert.Contains("the recorder was killed.", all.Error, StringComparison.Ordinal);
        CommandResult crashed = Read(recording, "--after", "-1h", "--crashed");
        Assert.Equal(11, crashed.Lines.Length);
        Assert.StartsWith("TIME-", crashed.Lines[0], StringComparison.Ordinal);
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3} \S+ +\d+ +root +signal 11 \(SEGV\).* segfault", crashed.Lines[1]);

        // Behind the heads, the first note of the segment and the header of its first block.
        string segment = Directory.GetFiles(recording).Order().First();
        byte[] bytes = File.ReadAllBytes(segment);
        bytes[2048 + 60 + 60 + 60] ^= 1;
        File.WriteAllBytes(segment, bytes);
        CommandResult rest = Read(recording, "--json");
        Assert.InRange(rest.Lines.Length, 1, 20);
        Assert.Matches(@"\d+ exits? from .* cannot be read: .* is damaged\.", rest.Error);
    }

    [Fact]
    public void A_write_or_an_fsync_that_fails_is_told_and_counted_and_recording_goes_on()
    {
        using TestFolder folder = new();
        string recording = folder.Path("recording");
        using Command recorder = ConsoleProgram.Trace(
            new Dictionary<string, string?> { ["LD_PRELOAD"] = TestProgram.FailingWrites, ["FAILING"] = folder.FullName },
            "--record", recording, "--parent", $"{Environment.ProcessId}", "--name", "victim");
        Child.Run(TestProgram.Victim, "exit", "1").Dispose();
        Eventually.True(() => Read(recording, "--json").Lines.Length == 1, "Within a second it can be read.");
        string write = folder.Write("pwrite", "");
        Child.Run(TestProgram.Victim, "exit", "2").Dispose();
        recorder.WaitForError($"Recording pauses: {recording} cannot be written to: Input/output error. ");
        File.Delete(write);
        recorder.WaitForError("Recording continues. 1 exit was not recorded.");
        string sync = folder.Write("fsync", "");
        Child.Run(TestProgram.Victim, "exit", "3").Dispose();
        recorder.WaitForError("fsync of the recording failed: Input/output error. ");
        File.Delete(sync);
        recorder.Stop();
        CommandResult all = Read(recording, "--oldest", "--json");
        Assert.Equal(["1", "3"], all.Lines.Select(line => line.Split("\"ExitCode\":")[1].Split(',')[0]));
        Assert.Matches(@"1 exit from .* was not recorded: .* cannot be written to: Input/output error\.\n", all.Error);
        Assert.Matches(@"What was recorded from .* may be incomplete after a power failure: fsync failed \(Input/output error\)\.\n", all.Error);
    }

    [Fact]
    public void What_is_not_there_or_no_recording_is_an_error_with_its_status()
    {
        using TestFolder folder = new();
        CommandResult missing = ConsoleProgram.Run("--read", folder.Path("nowhere"));
        Assert.Equal((66, $"exitsnoop: error: There is no {folder.Path("nowhere")}.\n"), (missing.ExitCode, missing.Error));
        CommandResult empty = ConsoleProgram.Run("--read", folder.FullName);
        Assert.Equal(66, empty.ExitCode);
        Assert.StartsWith($"exitsnoop: error: There is no recording in {folder.FullName}.", empty.Error, StringComparison.Ordinal);
        CommandResult other = ConsoleProgram.Run("--read", folder.Write("text", "no recording"));
        Assert.Equal(65, other.ExitCode);
    }

    [Fact]
    public void Following_ends_when_its_reader_leaves()
    {
        using TestFolder folder = new();
        string recording = folder.Path("recording");
        using Command recorder = ConsoleProgram.Trace("--record", recording);
        CommandResult result = ConsoleProgram.Script($"timeout 60 \"$exitsnoop\" --read {recording} --follow --json | head -3");
        Assert.Equal((0, 3), (result.ExitCode, result.Lines.Length));
        recorder.Stop();
    }

    private static CommandResult Read(string recording, params IEnumerable<string> arguments)
    {
        CommandResult result = ConsoleProgram.Run(["--read", recording, .. arguments]);
        Assert.True(result.ExitCode == 0, $"{result}");
        return result;
    }
}
