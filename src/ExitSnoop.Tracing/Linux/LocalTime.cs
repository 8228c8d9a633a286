using System.Text;

namespace ExitSnoop.Linux;

/// <summary>
/// Local time from libc, so that it agrees with other programs on this machine. TimeZoneInfo does not understand a TZ
/// such as IST-5:30, treats it as UTC, and has no abbreviations of time zones.
/// </summary>
internal static unsafe class LocalTime
{
    /// <summary>In seconds: since 1972, offsets from UTC have only changed at full quarters of an hour.</summary>
    private const long OffsetPeriod = 15 * 60;

    private const int NameSize = 64;

    private static volatile Period? last;

    /// <summary>The offset from UTC at a moment, in whole minutes, because ISO 8601 has no seconds in an offset.</summary>
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
    /// The abbreviation of the time zone at a moment, as strftime(3) gives it for %Z: "IST", "CEST", or the offset, "-03",
    /// for a zone without an abbreviation.
    /// </summary>
    /// <param name="time">The moment, in UTC.</param>
    internal static string ZoneNameAt(DateTime time)
    {
        LibC.Tm local = Read(SecondsOf(time));
        byte* text = stackalloc byte[NameSize];
        return Encoding.UTF8.GetString(text, (int)LibC.strftime(text, NameSize, "%Z", &local));
    }

    /// <summary>Makes libc read the environment variable TZ again; localtime_r(3) does not.</summary>
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
