using ExitSnoop.Cli.Output;

namespace ExitSnoop.Cli.Tests;

public sealed class TableFormatTests
{
    [Theory]
    [InlineData("UTC", "TIME-UTC     ")]
    [InlineData("Asia/Kolkata", "TIME-IST     ")]
    [InlineData("IST-5:30", "TIME-IST     ")]
    [InlineData("America/Sao_Paulo", "TIME-03      ")]
    [InlineData("Asia/Dubai", "TIME+04      ")]
    [InlineData("Asia/Kathmandu", "TIME+0545    ")]
    public void The_time_column_is_called_by_the_zone(string zone, string title)
    {
        LocalZone.Set(zone);
        Assert.StartsWith(title + "PCOMM ", Rendering.Header(output => new TableFormat(output, time: true, utc: false, null)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Asia/Kolkata", "13:42:01.688")]
    [InlineData("IST-5:30", "13:42:01.688")]
    [InlineData("America/Sao_Paulo", "05:12:01.688")]
    [InlineData("UTC", "08:12:01.688")]
    public void The_time_is_that_of_death_cut_to_milliseconds(string zone, string time)
    {
        LocalZone.Set(zone);
        ExitEvent exit = new EventMaker { Utc = false, ExitTime = new DateTime(2026, 7, 1, 8, 12, 1, DateTimeKind.Utc).AddTicks(6889999) }.Make();
        Assert.StartsWith(time + " sh ", Rendering.Row(output => new TableFormat(output, time: true, utc: false, null), exit), StringComparison.Ordinal);
    }

    [Fact]
    public void A_change_to_summer_time_shows_at_its_second()
    {
        LocalZone.Set("Europe/Berlin");
        DateTime change = new(2026, 3, 29, 1, 0, 0, DateTimeKind.Utc);
        Assert.Equal("01:59:59.999", Time(change.AddMilliseconds(-1)));
        Assert.Equal("03:00:00.000", Time(change));
        Assert.Equal("01:59:59.999", Time(change.AddMilliseconds(-1)));

        string Time(DateTime time) =>
            Rendering.Row(output => new TableFormat(output, time: true, utc: false, null), new EventMaker { Utc = false, ExitTime = time }.Make())[..12];
    }

    [Theory]
    [InlineData("foo", "foo   sh")]
    [InlineData("fives", "fives sh")]
    [InlineData("longerlabel", "longerlabel sh")]
    [InlineData("nasty\n\u001b[2J", @"nasty\n\e[2J sh")]
    public void A_label_keeps_at_least_one_blank(string label, string start) =>
        Assert.StartsWith(start + " ", Rendering.Row(output => new TableFormat(output, time: false, utc: true, label), new EventMaker().Make()), StringComparison.Ordinal);

    [Theory]
    [InlineData(0, "0.00    ")]
    [InlineData(12_500_000, "1.25    ")]
    [InlineData(49_999, "0.00    ")]
    [InlineData(59_999_999, "6.00    ")]
    [InlineData(123_456_780_000_000, "12345678.00 ")]
    public void Age_is_in_seconds_with_two_decimals(long ticks, string cell) =>
        Assert.Equal(
            $"sh               100     1       100     {cell}0\n",
            Rendering.Row(output => new TableFormat(output, time: false, utc: true, null), new EventMaker { Age = TimeSpan.FromTicks(ticks) }.Make()));

    [Fact]
    public void Many_rows_leave_the_buffer_whole_and_in_order()
    {
        const int Count = 5000;
        string text = Rendering.Capture(output =>
        {
            TableFormat format = new(output, time: false, utc: true, null);
            for (uint id = 1; id <= Count; id++)
                format.Write(new EventMaker { Id = id, Basic = true }.Make());
        });
        Assert.Equal(Enumerable.Range(1, Count), text.TrimEnd('\n').Split('\n').Select(line => int.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], null)));
    }
}
