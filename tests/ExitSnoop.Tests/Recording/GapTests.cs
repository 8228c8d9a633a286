using ExitSnoop.Recording;

namespace ExitSnoop.Tests.Recordings;

/// <summary>Missing exits are reported when a recording is read.</summary>
public sealed class GapTests
{
    private const long Second = RecordingMaker.Second;

    [Fact]
    public void A_second_after_an_exit_it_can_be_read_while_the_recorder_runs()
    {
        using RecordingMaker maker = new();
        for (int i = 1; i <= 300; i++)
        {
            maker.Exit(1);
            Assert.Equal(i - 1, maker.Read().Exits.Count);
            maker.Wait(Second);
            (List<ExitEvent> exits, List<string> findings) = maker.Read();
            Assert.Equal((i, 0), (exits.Count, findings.Count));
        }
    }

    [Fact]
    public void Time_in_which_no_recorder_ran_is_a_gap_with_its_reason()
    {
        using RecordingMaker maker = new();
        maker.Exit(10);
        maker.Wait(Second);
        maker.Kill();

        maker.Now += 50 * Second;
        maker.Exit(10);
        maker.Stop();

        maker.Now += 60 * Second;
        maker.Exit(10);
        maker.Wait(Second);
        maker.Kill();

        // The machine is restarted, and its wall clock is wrong for a while.
        (maker.Boot, maker.Now, maker.WallOffset) = ("another-boot", 5 * Second, RecordingMaker.BootedAt + (300 * Second));
        maker.Exit(10);
        maker.Stop();

        (maker.Boot, maker.Now, maker.WallOffset) = ("a-third-boot", 5 * Second, RecordingMaker.BootedAt + (400 * Second));
        maker.Exit(10);
        maker.Stop();

        (List<ExitEvent> exits, List<string> findings) = maker.Read();
        Assert.Equal(Enumerable.Range(0, 50), RecordingMaker.NumbersOf(exits));
        string[] expected =
        [
            "Nothing was recorded from 2026-11-25 00:01:40 to 2026-11-25 00:02:31: the recorder was killed.",
            "Nothing was recorded from 2026-11-25 00:02:31 to 2026-11-25 00:03:31: the recorder was stopped.",
            "Nothing was recorded from 2026-11-25 00:03:31 to 2026-11-25 00:05:05: the machine was restarted.",
            "Nothing was recorded from 2026-11-25 00:05:05 to 2026-11-25 00:06:45: the recorder was stopped, and the machine was restarted.",
            "Nothing has been recorded since 2026-11-25 00:06:45: no recorder runs.",
        ];
        Assert.Equal(expected, findings);
        Assert.Equal(expected.Order(), maker.Read(new ExitRecordingOptions()).Findings.Order());
        ExitRecordingStatus status = ExitRecordingStatus.Read(maker.Path);
        Assert.Equal((50, 0, 4, "elsewhere", false), (status.Events, status.Lost, status.Gaps, status.HostName, status.IsRecording));
        Assert.Equal(maker.Segments.Sum(segment => new FileInfo(segment).Length), status.Size);
        Assert.Equal("00:01:40 00:06:45", $"{status.From?.ToUniversalTime():HH:mm:ss} {status.To?.ToUniversalTime():HH:mm:ss}");
        ExitRecordingOptions within = new() { After = new DateTimeOffset(2026, 11, 25, 0, 3, 0, TimeSpan.Zero), Before = new DateTimeOffset(2026, 11, 25, 0, 3, 10, TimeSpan.Zero) };
        Assert.Equal(expected[1..2], maker.Read(within).Findings);
    }

    [Fact]
    public void A_machine_on_which_nothing_exits_is_known_to_have_been_looked_at()
    {
        using RecordingMaker maker = new();
        maker.Exit(1);
        for (int i = 0; i < 100; i++)
            maker.Wait(60 * Second);
        maker.Kill();
        maker.Now += 3600 * Second;
        maker.Exit(1);
        maker.Stop();
        Assert.Contains("Nothing was recorded from 2026-11-25 01:41:40 to 2026-11-25 02:41:40: the recorder was killed.", maker.Read().Findings[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_loss_is_told_to_who_reads_its_span()
    {
        using RecordingMaker maker = new();
        maker.Exit(1);
        maker.Now += 10 * Second;
        maker.Writer.AddLoss((ulong)(maker.Now - (5 * Second)), 1234, isUpperBound: true, "the kernel's buffer of 1 MiB was full.");
        maker.Exit(1);
        Assert.Equal(
            ["Up to 1234 exits from 2026-11-25 00:01:45 to 2026-11-25 00:01:50 were lost before they could be recorded: the kernel's buffer of 1 MiB was full."],
            maker.Read().Findings);
        Assert.Empty(maker.Read(new ExitRecordingOptions { Before = new DateTimeOffset(2026, 11, 25, 0, 1, 44, TimeSpan.Zero) }).Findings);
        ExitRecordingStatus status = ExitRecordingStatus.Read(maker.Path);
        Assert.Equal((1234, 0, true, Environment.ProcessId), (status.Lost, status.Gaps, status.IsRecording, status.RecorderId));
    }

    [Fact]
    public void A_second_recorder_on_a_directory_is_refused()
    {
        using RecordingMaker maker = new();
        maker.Exit(1);
        Assert.True(RecordingFolder.IsRecording(maker.Path));
        Assert.Throws<FolderInUseException>(() => RecordingFolder.Open(maker.Path, null));
        maker.Stop();
        Assert.False(RecordingFolder.IsRecording(maker.Path));
        RecordingFolder.Open(maker.Path, null).Dispose();
    }

    [Fact]
    public void Nobody_but_the_owner_can_read_a_recording()
    {
        using RecordingMaker maker = new();
        maker.Exit(1);
        const UnixFileMode own = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(own | UnixFileMode.UserExecute, File.GetUnixFileMode(maker.Path));
        Assert.Equal(own, File.GetUnixFileMode(maker.Segments[0]));
        maker.Stop();
        using (RecordingFolder folder = RecordingFolder.Open(maker.Path, group: 0))
            Assert.Equal(0, folder.Create(SegmentHead.Here() with { Number = folder.NextNumber }, out _));
        Assert.Equal(own | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute, File.GetUnixFileMode(maker.Path));
        Assert.Equal(own | UnixFileMode.GroupRead, File.GetUnixFileMode(maker.Segments[^1]));
        File.SetUnixFileMode(maker.Path, own | UnixFileMode.UserExecute | UnixFileMode.OtherWrite);
        Assert.Throws<FolderUnsafeException>(() => RecordingFolder.Open(maker.Path, null));
    }
}
