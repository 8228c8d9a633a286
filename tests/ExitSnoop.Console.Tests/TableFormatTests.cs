namespace ExitSnoop.Cli.Tests;

/// <summary>Cells of the table. Which zones have which names and times is tested in the library.</summary>
public sealed class TableFormatTests
{
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
