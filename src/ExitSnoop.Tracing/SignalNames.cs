using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using ExitSnoop.Records;

namespace ExitSnoop;

/// <summary>Converts signals to their names and back.</summary>
public static class SignalNames
{
    private const int Last = (int)Signal.RTMAX;

    /// <summary>
    /// The name without "SIG", as bash's <c>kill -l</c> shows it: "SEGV", "RTMIN+1", "RTMAX-14"; the number
    /// for 32, 33 and anything that is not a signal; "" for <see cref="Signal.None"/>.
    /// </summary>
    public static string GetName(Signal signal) => SignalTable.GetName(signal);

    /// <summary>Reads "SEGV", "SIGSEGV", "sigsegv", "11", "RTMIN+1", "RTMIN_1", "None" and the like.</summary>
    /// <returns>False if the text is neither a signal from 1 to 64 nor "None".</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out Signal signal)
    {
        signal = Signal.None;
        if (string.IsNullOrWhiteSpace(text))
            return false;
        string name = text.Trim();
        if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            signal = (Signal)number;
            return number is > 0 and <= Last;
        }
        if (name.Equals(nameof(Signal.None), StringComparison.OrdinalIgnoreCase))
            return true;
        if (name.StartsWith("SIG", StringComparison.OrdinalIgnoreCase))
            name = name[3..];
        name = name switch
        {
            _ when name.Equals("IO", StringComparison.OrdinalIgnoreCase) => nameof(Signal.POLL),
            _ when name.Equals("IOT", StringComparison.OrdinalIgnoreCase) => nameof(Signal.ABRT),
            _ when name.Equals("CLD", StringComparison.OrdinalIgnoreCase) => nameof(Signal.CHLD),
            _ => name,
        };
        int found = Array.FindIndex(SignalTable.Names, 1, known => known.Equals(name, StringComparison.OrdinalIgnoreCase));
        if (found < 0 && name.StartsWith("RTM", StringComparison.OrdinalIgnoreCase))
            found = FindRealTime(name);
        signal = found < 0 ? Signal.None : (Signal)found;
        return found >= 0;
    }

    // RTMIN+n and RTMAX-n for every n in the range of real-time signals, and RTMIN_n and RTMAX_n, as the members are called.
    private static int FindRealTime(string name)
    {
        bool fromStart = name.StartsWith(nameof(Signal.RTMIN), StringComparison.OrdinalIgnoreCase);
        if (!fromStart && !name.StartsWith(nameof(Signal.RTMAX), StringComparison.OrdinalIgnoreCase))
            return -1;
        string rest = name[nameof(Signal.RTMIN).Length..];
        if (rest.Length < 2 || (rest[0] != '_' && rest[0] != (fromStart ? '+' : '-'))
            || !int.TryParse(rest.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out int distance)
            || distance > Signal.RTMAX - Signal.RTMIN)
            return -1;
        return fromStart ? (int)Signal.RTMIN + distance : Last - distance;
    }
}
