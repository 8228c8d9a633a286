using System.ComponentModel;
using System.Globalization;
using System.Text;
using ExitSnoop.Linux;

namespace ExitSnoop.Metrics;

/// <summary>
/// The file of metrics: replaced as a whole, so that a reader never finds a part of it, and read at the start, so that counters go on.
/// </summary>
internal sealed class MetricsFile
{
    // Everyone may read counts, whatever the umask is.
    private const int Mode = 0x1a4;
    private const int LongestFile = 1 << 20;
    private const string CounterSuffix = "_total";

    private readonly string temporary;

    /// <param name="path">The file. The folder must exist.</param>
    /// <exception cref="Win32Exception">It cannot be written.</exception>
    /// <exception cref="NotRegularException">There is something else of this name.</exception>
    internal MetricsFile(string path)
    {
        Path = System.IO.Path.GetFullPath(path);
        // Not *.prom: that is what node_exporter reads.
        temporary = Path + ".tmp";
        // A rename replaces anything of that name, even /dev/null.
        if (System.IO.Path.EndsInDirectorySeparator(path) || (FileStatus.GetOfLink(Path, out FileStatus status) == 0 && !status.IsRegular))
            throw new NotRegularException();
        Check(Create(out int fd));
        _ = LibC.close(fd);
        _ = FileCalls.Remove(temporary);
        Before = Read(Path);
    }

    internal string Path { get; }

    /// <summary>The values of the counters that the file had, by their series as they stand there.</summary>
    internal IReadOnlyDictionary<string, double> Before { get; }

    /// <summary>Replaces the file; errno where that fails, and the file is as before.</summary>
    internal int Write(string text)
    {
        int error = Create(out int fd);
        if (error != 0)
            return error;
        error = FileCalls.ChangeMode(fd, Mode);
        if (error == 0)
            error = FileCalls.WriteAt(fd, Encoding.UTF8.GetBytes(text), 0);
        _ = LibC.close(fd);
        // Not synced: after a power failure the counts begin again, as after any reset.
        if (error == 0)
            error = FileCalls.Rename(temporary, Path);
        if (error != 0)
            _ = FileCalls.Remove(temporary);
        return error;
    }

    /// <summary>A new file, as the folder may be one in which others can lay out links.</summary>
    private int Create(out int fd)
    {
        int error = FileCalls.CreateNew(temporary, Mode, out fd);
        if (error != FileCalls.EEXIST)
            return error;
        // Left behind by a program that was killed.
        _ = FileCalls.Remove(temporary);
        return FileCalls.CreateNew(temporary, Mode, out fd);
    }

    private static Dictionary<string, double> Read(string path)
    {
        Dictionary<string, double> values = new(StringComparer.Ordinal);
        if (FileCalls.OpenForReading(path, out int fd) != 0)
            return values;
        byte[] bytes = new byte[LongestFile];
        int length = LibC.ReadAt(fd, bytes, 0);
        _ = LibC.close(fd);
        foreach (string line in Encoding.UTF8.GetString(bytes.AsSpan(0, Math.Max(0, length))).Split('\n'))
        {
            int end = line.LastIndexOf(' ');
            if (end < 0 || line[0] == '#')
                continue;
            string series = line[..end];
            int labels = series.IndexOf('{', StringComparison.Ordinal);
            if ((labels < 0 ? series : series[..labels]).EndsWith(CounterSuffix, StringComparison.Ordinal)
                && double.TryParse(line.AsSpan(end + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= 0 && double.IsFinite(value))
                values[series] = value;
        }
        return values;
    }

    private static void Check(int error)
    {
        if (error != 0)
            throw new Win32Exception(error);
    }
}

/// <summary>What has the name of the file is a device, a link, a folder or the like.</summary>
internal sealed class NotRegularException : Exception;
