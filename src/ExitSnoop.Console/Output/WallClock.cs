using ExitSnoop.Cli.Native;

namespace ExitSnoop.Cli.Output;

/// <summary>
/// Local or UTC times of events. The local time is the C library's and not TimeZoneInfo's, which does not
/// know a TZ like IST-5:30 and has no abbreviations.
/// </summary>
internal sealed class WallClock(bool utc)
{
    // Offsets from UTC have only ever changed on a quarter of an hour since 1972.
    private const long OffsetPeriod = 15 * 60;

    private long offsetPeriod = long.MinValue;
    private TimeSpan offset;

    internal bool IsUtc => utc;

    /// <summary>UTC, IST, or -03 where the zone has no name, as it is now.</summary>
    internal string ZoneName => utc ? "UTC" : LibC.ZoneName(DateTimeOffset.UtcNow.ToUnixTimeSeconds());

    /// <summary>The time in UTC that an event carries, as this clock shows it.</summary>
    internal DateTimeOffset Convert(DateTime time)
    {
        if (utc)
            return new DateTimeOffset(time.Ticks, TimeSpan.Zero);

        long seconds = (time.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond;
        long period = seconds / OffsetPeriod;
        if (period != offsetPeriod)
        {
            // Whole minutes, the only offsets that can be written down.
            offset = TimeSpan.FromMinutes(LibC.LocalTime(seconds).Offset / 60);
            offsetPeriod = period;
        }

        return new DateTimeOffset(time.Ticks + offset.Ticks, offset);
    }
}
