using System.ComponentModel;
using System.Globalization;
using System.Text;
using ExitSnoop.Linux;

namespace ExitSnoop.Metrics;

/// <summary>
/// The metrics file. It is always replaced as a whole, so that a reader never sees a part of it. It is read at the start, so that
/// counters continue.
/// </summary>
internal sealed class MetricsFile
{
    // Mode 0644, whatever the umask is: every user may read counts.
    private const int Mode = 0x1a4;
    private const int LongestFile = 1 << 20;
    private const string CounterSuffix = "_total";

    private readonly string temporary;

    /// <param name="path">The file. The folder must exist.</param>
    /// <exception cref="Win32Exception">The file cannot be written.</exception>
    /// <exception cref="NotRegularException">The path is that of something other than a regular file.</exception>
    internal MetricsFile(string path)
    {
        Path = System.IO.Path.GetFullPath(path);
        // The name does not end in .prom, because node_exporter reads all such files.
        temporary = Path + ".tmp";
        // A rename would replace even /dev/null.
        if (System.IO.Path.EndsInDirectorySeparator(path) || (FileStatus.GetOfLink(Path, out FileStatus status) == 0 && !status.IsRegular))
            throw new NotRegularException();
        Check(Create(out int fd));
        _ = LibC.close(fd);
        _ = FileCalls.Remove(temporary);
        Before = Read(Path);
    }

    internal string Path { get; }

    /// <summary>The values of the counters in the existing file, by their series as text.</summary>
    internal IReadOnlyDictionary<string, double> Before { get; }

    /// <summary>Replaces the file; returns 0 or errno. After an error the file is unchanged.</summary>
    internal int Write(string text)
    {
        int error = Create(out int fd);
        if (error != 0)
            return error;
        error = FileCalls.ChangeMode(fd, Mode);
        if (error == 0)
            error = FileCalls.WriteAt(fd, Encoding.UTF8.GetBytes(text), 0);
        _ = LibC.close(fd);
        // Not synced: if a power failure loses the file, the counters start at 0, which Prometheus handles as a reset.
        if (error == 0)
            error = FileCalls.Rename(temporary, Path);
        if (error != 0)
            _ = FileCalls.Remove(temporary);
        return error;
    }

    /// <summary>Creates the temporary file. It must be a new one, because others may be able to create links in the folder.</summary>
    private int Create(out int fd)
    {
        int error = FileCalls.CreateNew(temporary, Mode, out fd);
        if (error != FileCalls.EEXIST)
            return error;
        // The file was left by a program that was killed.
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

/// <summary>The path of the metrics file is that of a device, a link, a folder or the like.</summary>
internal sealed class NotRegularException : Exception;
