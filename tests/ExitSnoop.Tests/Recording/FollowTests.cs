namespace ExitSnoop.Tests.Recordings;

public sealed class FollowTests
{
    [Fact]
    public void Following_begins_with_the_newest_and_goes_on_over_segments_and_recorders_without_losing_or_repeating()
    {
        using RecordingMaker maker = new() { Limits = new(512 << 10, TimeSpan.FromDays(30), _ => 0, true) };
        maker.Exit(500);
        maker.Wait(RecordingMaker.Second);
        using CancellationTokenSource enough = new();
        List<int> numbers = [];
        using IEnumerator<ExitEvent> events = ExitRecording.Open(maker.Path).ReadEvents(new ExitRecordingOptions { Follow = true }, enough.Token).GetEnumerator();
        void Take(int until)
        {
            while ((numbers.Count == 0 || numbers[^1] < until) && events.MoveNext())
                numbers.Add(events.Current.Id - 1);
        }

        Take(499);
        Assert.Equal(Enumerable.Range(490, 10), numbers);
        for (int i = 1; i <= 30; i++)
        {
            // Into the block that was read in part; then so many that segments end and others begin.
            maker.Exit(1);
            maker.Wait(RecordingMaker.Second);
            Take(maker.Recorded.Count - 1);
            maker.Exit(200);
            maker.Wait(RecordingMaker.Second);
            Take(maker.Recorded.Count - 1);
            if (i % 10 == 0)
                maker.Kill();
        }
        maker.Exit(1500);
        maker.Stop();
        Take(maker.Recorded.Count - 1);
        Assert.Equal(Enumerable.Range(490, maker.Recorded.Count - 490), numbers);
        Assert.True(maker.Segments.Count > 4);

        enough.CancelAfter(100);
        Assert.Throws<OperationCanceledException>(() => events.MoveNext());
    }

    [Fact]
    public void Following_from_a_time_on_shows_all_since_and_ends_with_its_time_limit()
    {
        using RecordingMaker maker = new();
        maker.Exit(500);
        maker.Wait(RecordingMaker.Second);
        ExitRecordingOptions options = new() { Follow = true, After = maker.TimeOf(300), Filter = new() { TimeLimit = TimeSpan.FromMilliseconds(50) } };
        Assert.Equal(Enumerable.Range(300, 200), RecordingMaker.NumbersOf(maker.Read(options).Exits));
    }
}
