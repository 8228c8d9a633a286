using System.Text;
using ExitSnoop.Linux;

namespace ExitSnoop;

/// <summary>The local time zone, by the abbreviation that .NET does not have.</summary>
public static unsafe class LocalZone
{
    private const int BufferSize = 64;

    /// <summary>
    /// The abbreviation now in force, as strftime(3) gives it for %Z: "IST", "CEST"; for a zone without one
    /// its offset, "-03".
    /// </summary>
    public static string Abbreviation
    {
        get
        {
            nint now = LibC.time(null);
            byte* tm = stackalloc byte[BufferSize];
            byte* text = stackalloc byte[BufferSize];
            if (LibC.localtime_r(&now, tm) is null)
                return "";
            return Encoding.UTF8.GetString(text, (int)LibC.strftime(text, BufferSize, "%Z", tm));
        }
    }
}
