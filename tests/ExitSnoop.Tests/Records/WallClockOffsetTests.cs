namespace ExitSnoop.Tests.Records;

/// <summary>The wall clock's time of an exit, which the kernel stamps with the boot clock.</summary>
public sealed class WallClockOffsetTests
{
    private const long Offset = 1_790_000_000_000_000_000, Reading = 100, Preemption = 50_000_000;

    private long time = 1_000_000_000_000;
    private int readings;

    // The clocks are read in the order boot, wall, boot. The thread is preempted before the reading with this number.
    [Theory]
    [InlineData()]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(1, 2)]
    [InlineData(1, 4)]
    [InlineData(2, 5, 7)]
    [InlineData(1, 4, 7, 10)]
    public void A_preemption_between_the_readings_of_the_clocks_does_not_shift_it(params int[] preempted)
    {
        long Read()
        {
            time += Reading + (preempted.Contains(readings++) ? Preemption : 0);
            return time;
        }

        Assert.InRange(new WallClockOffset(Read, () => Offset + Read()).Sample(), Offset - Reading, Offset + Reading);
    }

    [Fact]
    public void Where_every_bracket_is_wide_it_is_wrong_by_half_of_the_narrowest_at_most()
    {
        long Read()
        {
            time += readings++ < 3 ? Preemption : 10 * Preemption;
            return time;
        }

        Assert.InRange(new WallClockOffset(Read, () => Offset + Read()).Sample(), Offset - Preemption, Offset + Preemption);
    }
}
