namespace ExitSnoop.Tests.Recordings;

/// <summary>A recording stays within its limits, and errors of the disk are reported.</summary>
public sealed class LimitTests
{
    private const long Second = RecordingMaker.Second;

    [Fact]
    public void The_oldest_goes_when_the_recording_has_its_size()
    {
        using RecordingMaker maker = new() { Limits = new(1 << 20, TimeSpan.FromDays(30), _ => 0, true) };
        for (int i = 0; i < 30; i++)
        {
            maker.Exit(2000);
            Assert.True(maker.Segments.Sum(file => new FileInfo(file).Length) <= 1 << 20);
        }
        maker.Stop();
        int[] numbers = [.. RecordingMaker.NumbersOf(maker.Read().Exits)];
        Assert.Equal(59999, numbers[^1]);
        Assert.Equal(Enumerable.Range(numbers[0], numbers.Length), numbers);
        Assert.True(numbers.Length is > 10_000 and < 60_000, $"{numbers.Length} of 60,000 are left.");
    }

    [Fact]
    public void What_is_too_old_goes_and_a_clock_that_is_ahead_for_a_moment_deletes_nothing()
    {
        // The files have the current time, and the clock of the recorder is set ahead by the test.
        using RecordingMaker maker = new() { WallOffset = Clocks.Wall() - (1000 * RecordingMaker.Hour), Now = 1000 * RecordingMaker.Hour };
        maker.Limits = maker.Limits with { MaxAge = TimeSpan.FromHours(20) };
        maker.Exit(10, interval: RecordingMaker.Hour);
        maker.WallOffset += 10_000 * RecordingMaker.Hour;
        maker.Exit(5, interval: RecordingMaker.Hour);
        Assert.Equal(15, maker.Read().Exits.Count + 1);
        maker.WallOffset -= 10_000 * RecordingMaker.Hour;
        maker.Exit(10, interval: RecordingMaker.Hour);
        Assert.InRange(RecordingMaker.NumbersOf(maker.Read().Exits).First(), 15, 24);
    }

    [Fact]
    public void A_disk_that_is_nearly_full_takes_old_segments_then_pauses_and_goes_on()
    {
        long free = 1000;
        using RecordingMaker maker = new();
        maker.Space = () => (free, 10_000);
        maker.Limits = new(512 << 10, TimeSpan.FromDays(30), total => total / 10, true);
        maker.Exit(3000);
        Assert.True(maker.Segments.Count > 2);
        free = 999;
        maker.Exit(1100, Second / 100);
        Assert.Single(maker.Segments);
        Assert.StartsWith("Recording pauses: the file system of", Assert.Single(maker.Messages), StringComparison.Ordinal);
        free = 1000;
        maker.Wait(Second);
        maker.Exit(10);
        maker.Wait(Second);
        Assert.Contains("Recording continues.", maker.Messages[1], StringComparison.Ordinal);
        (List<ExitEvent> exits, List<string> findings) = maker.Read();
        Assert.Equal(Enumerable.Range(4100, 10), RecordingMaker.NumbersOf(exits).TakeLast(10));
        string pause = Assert.Single(findings, text => text.Contains("not recorded", StringComparison.Ordinal));
        Assert.StartsWith($"{maker.Writer.Missed} exits from", pause, StringComparison.Ordinal);
        Assert.Equal(4110, maker.Writer.Exits + maker.Writer.Missed);
    }

    [Fact]
    public void A_full_file_system_costs_what_it_cannot_take_and_not_a_byte_of_what_is_there()
    {
        Need.Root();
        using RecordingMaker maker = new();
        Directory.CreateDirectory(maker.Path);
        Assert.Equal(0, Command.Run("mount", ["-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", maker.Path]).ExitCode);
        try
        {
            string others = Path.Combine(maker.Path, "others");
            File.WriteAllBytes(others, new byte[512 << 10]);
            maker.Exit(20_000);
            Assert.Contains("No space left on device", Assert.Single(maker.Messages), StringComparison.Ordinal);
            int[] before = [.. RecordingMaker.NumbersOf(maker.Read().Exits)];
            Assert.Equal(Enumerable.Range(0, before.Length), before);
            Assert.True(before.Length > 5000, $"{before.Length} exits are in 512 KiB.");

            File.Delete(others);
            maker.Wait(2 * Second);
            maker.Exit(100);
            maker.Wait(Second);
            int[] numbers = [.. RecordingMaker.NumbersOf(maker.Read().Exits)];
            Assert.Equal([.. before, .. Enumerable.Range(20_000, 100)], numbers);
            Assert.Equal(20_100, maker.Writer.Exits + maker.Writer.Missed);
            Assert.DoesNotContain(maker.Read().Findings, text => text.Contains("damaged", StringComparison.Ordinal));
            maker.Stop();
        }
        finally
        {
            maker.Kill();
            Command.Run("umount", ["-l", maker.Path]);
        }
    }

    [Fact]
    public void An_fsync_that_fails_is_told_and_what_it_was_for_is_doubtful()
    {
        bool fails = false;
        using ManualResetEventSlim failed = new();
        using RecordingMaker maker = new();
        maker.Sync = _ =>
        {
            if (!fails)
                return 0;
            failed.Set();
            return FileCalls.EIO;
        };
        maker.Exit(10);
        fails = true;
        maker.Wait(Second);
        Assert.True(failed.Wait(TimeSpan.FromSeconds(20)), "It is synced some seconds after it was written.");
        Eventually.True(
            () =>
            {
                fails = false;
                maker.Wait(Second / 10);
                return maker.Writer.SyncFailures > 0;
            },
            "The writer does not know.");
        maker.Exit(10);
        maker.Stop();
        (List<ExitEvent> exits, List<string> findings) = maker.Read();
        Assert.Equal(Enumerable.Range(0, 20), RecordingMaker.NumbersOf(exits));
        Assert.Equal(2, maker.Segments.Count);
        Assert.Contains("may be incomplete after a power failure: fsync failed (Input/output error).", findings[0], StringComparison.Ordinal);
        Assert.StartsWith("fsync of the recording failed: Input/output error.", Assert.Single(maker.Messages), StringComparison.Ordinal);
    }
}
