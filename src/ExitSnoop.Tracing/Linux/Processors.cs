using System.Globalization;

namespace ExitSnoop.Linux;

/// <summary>The processors of the machine.</summary>
internal static class Processors
{
    /// <summary>
    /// How many processors are online. <see cref="Environment.ProcessorCount"/> counts only those that this process may use, but
    /// exits happen on all of them.
    /// </summary>
    internal static int Online { get; } = ReadOnline();

    private static int ReadOnline()
    {
        try
        {
            return Count(File.ReadAllText("/sys/devices/system/cpu/online"));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or FormatException)
        {
            return Environment.ProcessorCount;
        }
    }

    /// <summary>How many processors are in a list of the kernel, such as "0-3,8,10-11".</summary>
    internal static int Count(string list) => list.Trim().Split(',').Sum(range =>
    {
        int[] ends = [.. range.Split('-').Select(number => int.Parse(number, CultureInfo.InvariantCulture))];
        return ends[^1] - ends[0] + 1;
    });
}
