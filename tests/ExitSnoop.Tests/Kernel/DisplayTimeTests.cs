namespace ExitSnoop.Tests.Kernel;

/// <summary>Local time. TZ applies to the whole process, so no other test runs at the same time.</summary>
[Collection(KernelTests.Name)]
public sealed class DisplayTimeTests : IDisposable
{
    private readonly string? zone = Environment.GetEnvironmentVariable("TZ");

    // .NET treats IST-5:30 as UTC. The times must be right nevertheless.
    [Theory]
    [InlineData("IST-5:30", "TIME-IST", "13:42:01.688")]
    [InlineData("Asia/Kolkata", "TIME-IST", "13:42:01.688")]
    [InlineData("America/Sao_Paulo", "TIME-03", "05:12:01.688")]
    [InlineData("Asia/Kathmandu", "TIME+0545", "13:57:01.688")]
    [InlineData("UTC", "TIME-UTC", "08:12:01.688")]
    public void A_column_of_times_has_the_zone_and_the_time_that_date_shows(string name, string title, string text)
    {
        SetZone(name);
        DateTime moment = new DateTime(2026, 7, 1, 8, 12, 1, DateTimeKind.Utc).AddTicks(6_889_999);
        Assert.Equal(title, DisplayTime.ColumnTitle(utc: false));
        Assert.Equal("TIME-UTC", DisplayTime.ColumnTitle(utc: true));
        Assert.Equal(text, DisplayTime.Format(moment.ToLocalTime()));
        Assert.Equal("08:12:01.688", DisplayTime.Format(moment));

        using Child date = Child.Start("date", ["-d"u8.ToArray(), "2026-07-01T08:12:01Z"u8.ToArray(), "+%T"u8.ToArray()], new Dictionary<string, string?> { ["TZ"] = name });
        Assert.Equal(date.Output.ReadToEnd().TrimEnd(), text[..8]);
    }

    [Fact]
    public void A_change_to_summer_time_shows_at_its_second()
    {
        SetZone("Europe/Berlin");
        DateTime change = new(2026, 3, 29, 1, 0, 0, DateTimeKind.Utc);
        Assert.Equal("01:59:59.999", DisplayTime.Format(change.AddMilliseconds(-1).ToLocalTime()));
        Assert.Equal("03:00:00.000", DisplayTime.Format(change.ToLocalTime()));
        Assert.Equal("01:59:59.999", DisplayTime.Format(change.AddMilliseconds(-1).ToLocalTime()));
    }

    public void Dispose() => SetZone(zone);

    private static void SetZone(string? name)
    {
        if (name is null)
            Posix.unsetenv("TZ");
        else
            Posix.setenv("TZ", name, 1);
        LocalTime.ReadZone();
    }
}
