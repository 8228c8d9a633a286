using ExitSnoop.Reading;

namespace ExitSnoop.Tests.Records;

/// <summary>How often exits may wake the reader.</summary>
public sealed class WakeUpBudgetTests
{
    [Fact]
    public void After_a_pause_a_burst_is_shown_at_once_and_then_so_many_a_second()
    {
        WakeUpBudget budget = default;
        const long second = 1_000_000_000, start = 5000 * second;
        int Spend(long from, long to, long step)
        {
            int spent = 0;
            for (long now = from; now < to; now += step)
                spent += budget.TrySpend(now) ? 1 : 0;
            return spent;
        }

        Assert.Equal(WakeUpBudget.Burst, Spend(start, start + 1000, 1));
        Assert.InRange(Spend(start + 1000, start + second, 10_000), WakeUpBudget.PerSecond - 1, WakeUpBudget.PerSecond);
        // After a pause of any length, one burst is allowed.
        Assert.Equal(WakeUpBudget.Burst, Spend(start + (3600 * second), start + (3600 * second) + 1000, 1));
    }
}
