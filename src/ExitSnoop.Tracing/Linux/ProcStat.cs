using System.Globalization;

namespace ExitSnoop.Linux;

/// <summary>Reads /proc/PID/stat; see proc(5).</summary>
internal static class ProcStat
{
    private const int Flags = 9 - 3;
    private const uint Exiting = 0x4; // PF_EXITING, include/linux/sched.h

    /// <summary>The fields from the third one, the state, on. They are found behind comm, the second, which can contain spaces and parentheses.</summary>
    /// <param name="folder">/proc/PID.</param>
    /// <exception cref="IOException">The process is gone.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    internal static string[] Read(string folder)
    {
        string stat = File.ReadAllText(Path.Join(folder, "stat"));
        return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
    }

    /// <summary>Whether the main thread of a process has entered do_exit(), or its /proc/PID/stat cannot be read.</summary>
    internal static bool IsExiting(int id)
    {
        try
        {
            return (uint.Parse(Read(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}"))[Flags], CultureInfo.InvariantCulture) & Exiting) != 0;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }
}
