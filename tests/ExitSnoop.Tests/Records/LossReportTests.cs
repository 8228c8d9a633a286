namespace ExitSnoop.Tests.Records;

/// <summary>When a loss is reported, and in which words.</summary>
public sealed class LossReportTests
{
    private long now = 100_000;

    [Fact]
    public void The_first_loss_is_reported_at_once_with_its_cause_and_what_helps()
    {
        ExitTraceLoss? loss = Report().Take(new Losses(BufferFull: 5, NotRun: 0, QueueFull: 0), completed: false);
        Assert.Equal(
            new ExitTraceLoss
            {
                Count = 5,
                IsTotal = false,
                IsUpperBound = false,
                Message = "5 events were lost: the kernel's buffer of 16 MiB was full. What helps: a larger buffer (-BufferSize, --buffer-size), a filter, fewer details (-Basic, --basic), a faster reader.",
            },
            loss);
    }

    [Fact]
    public void Later_losses_are_reported_together_once_a_second()
    {
        LossReport report = Report();
        Assert.Equal(Timeout.InfiniteTimeSpan, report.UntilDue(default));
        Assert.Equal(TimeSpan.Zero, report.UntilDue(new Losses(1, 0, 0)));
        Assert.NotNull(report.Take(new Losses(1, 0, 0), completed: false));
        Assert.Equal(Timeout.InfiniteTimeSpan, report.UntilDue(new Losses(1, 0, 0)));

        now += 400;
        Assert.Equal(TimeSpan.FromMilliseconds(600), report.UntilDue(new Losses(3, 0, 0)));
        Assert.Null(report.Take(new Losses(3, 0, 0), completed: false));
        now += 600;
        Assert.Equal(TimeSpan.Zero, report.UntilDue(new Losses(8, 0, 0)));
        Assert.Equal(7, report.Take(new Losses(8, 0, 0), completed: false)?.Count);
        Assert.Null(report.Take(new Losses(8, 0, 0), completed: false));
    }

    [Fact]
    public void The_sum_is_reported_once_at_the_end()
    {
        LossReport report = Report();
        Assert.NotNull(report.Take(new Losses(1, 0, 0), completed: false));
        ExitTraceLoss? total = report.Take(new Losses(1, 0, 2), completed: true);
        Assert.Equal((3L, true, "3 events were lost in all."), (total!.Count, total.IsTotal, total.Message));
        Assert.Null(report.Take(new Losses(1, 0, 2), completed: true));
    }

    [Fact]
    public void A_loss_found_only_at_the_end_is_reported_with_its_cause_and_then_as_the_sum()
    {
        LossReport report = Report();
        Assert.Equal("1 event was lost: the queue of 256 MiB in memory was full. What helps: a filter, fewer details (-Basic, --basic), a faster reader.", report.Take(new Losses(0, 0, 1), completed: true)?.Message);
        Assert.Equal("1 event was lost in all.", report.Take(new Losses(0, 0, 1), completed: true)?.Message);
        Assert.Null(report.Take(new Losses(0, 0, 1), completed: true));
    }

    [Fact]
    public void Without_a_loss_there_is_no_sum() => Assert.Null(Report().Take(default, completed: true));

    [Fact]
    public void Runs_that_the_kernel_left_out_are_an_upper_bound_and_a_larger_buffer_is_not_the_advice()
    {
        ExitTraceLoss? loss = Report().Take(new Losses(0, 20, 0), completed: false);
        Assert.Equal((true, "Up to 20 events were lost: the kernel did not run the BPF program for them."), (loss!.IsUpperBound, loss.Message));
    }

    [Fact]
    public void Descendants_for_which_there_was_no_room_are_named_as_the_cause() => Assert.Equal(
        "2 events were lost: the kernel's map of watched processes had no room for more descendants.",
        Report().Take(new Losses(0, 0, 0, NotWatched: 2), completed: false)?.Message);

    [Fact]
    public void With_a_filter_by_name_any_loss_is_an_upper_bound()
    {
        LossReport report = new(16, 256L << 20, isFiltered: true, () => now);
        Assert.StartsWith("Up to 5 events were lost: ", report.Take(new Losses(5, 0, 0), completed: false)?.Message, StringComparison.Ordinal);
        Assert.Equal("Up to 5 events were lost in all.", report.Take(new Losses(5, 0, 0), completed: true)?.Message);
    }

    private LossReport Report() => new(16, 256L << 20, isFiltered: false, () => now);
}
