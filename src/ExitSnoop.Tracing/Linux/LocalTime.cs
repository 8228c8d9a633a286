using System.Text;

namespace ExitSnoop.Linux;

/// <summary>
/// The local time as libc and so every other program here has it. TimeZoneInfo does not know a TZ such as
/// IST-5:30, takes it for UTC, and has no abbreviations of zones.
/// </summary>
internal static unsafe class LocalTime
{
    /// <summary>Seconds. Offsets from UTC have only ever changed on a quarter of an hour since 1972.</summary>
    private const long OffsetPeriod = 15 * 60;

    private const int NameSize = 64;

    private static volatile Period? last;

    /// <summary>The offset from UTC at a moment, in whole minutes, the only offsets that ISO 8601 can write.</summary>
    /// <param name="time">The moment, in UTC.</param>
    internal static TimeSpan OffsetAt(DateTime time)
    {
        long seconds = SecondsOf(time), number = seconds / OffsetPeriod;
        if (last is { } known && known.Number == number)
            return known.Offset;
        TimeSpan offset = TimeSpan.FromMinutes(Read(seconds).Offset / 60);
        last = new Period(number, offset);
        return offset;
    }

    /// <summary>
    /// The abbreviation of the zone at a moment, as strftime(3) gives it for %Z: "IST", "CEST"; for a zone without
    /// one its offset, "-03".
    /// </summary>
    /// <param name="time">The moment, in UTC.</param>
    internal static string ZoneNameAt(DateTime time)
    {
        LibC.Tm local = Read(SecondsOf(time));
        byte* text = stackalloc byte[NameSize];
        return Encoding.UTF8.GetString(text, (int)LibC.strftime(text, NameSize, "%Z", &local));
    }

    /// <summary>Reads the environment variable TZ again, which libc otherwise does once.</summary>
    internal static void ReadZone()
    {
        LibC.tzset();
        last = null;
    }

    private static long SecondsOf(DateTime time) => (time.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond;

    private static LibC.Tm Read(long seconds)
    {
        nint moment = (nint)seconds;
        LibC.Tm local = default;
        _ = LibC.localtime_r(&moment, &local);
        return local;
    }

    private sealed record Period(long Number, TimeSpan Offset);
}
