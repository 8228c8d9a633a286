using System.Diagnostics;

namespace ExitSnoop.Bench;

/// <summary>Counts the lines of a growing file that contain a text.</summary>
internal sealed class LineCounter(string path, string text)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(20);

    private readonly byte[] wanted = System.Text.Encoding.UTF8.GetBytes(text);
    private readonly byte[] buffer = new byte[1 << 20];
    private long position;
    private int kept;

    internal string Path => path;

    internal long Count { get; private set; }

    /// <summary>When the count last increased, as a timestamp of Stopwatch.</summary>
    internal long LastGrowth { get; private set; } = Stopwatch.GetTimestamp();

    /// <summary>Counts the lines that were completed since the last call; returns the new total.</summary>
    internal long Update()
    {
        if (!File.Exists(path))
            return Count;
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        file.Position = position;
        int read;
        while ((read = file.Read(buffer, kept, buffer.Length - kept)) > 0)
        {
            position += read;
            ReadOnlySpan<byte> lines = buffer.AsSpan(0, kept + read);
            int end;
            while ((end = lines.IndexOf((byte)'\n')) >= 0)
            {
                if (lines[..end].IndexOf(wanted) >= 0)
                    Count++;
                lines = lines[(end + 1)..];
            }
            lines.CopyTo(buffer);
            kept = lines.Length;
        }
        return Count;
    }

    /// <summary>Waits until there are this many lines, or until none has come for a time.</summary>
    internal long WaitFor(long count, TimeSpan patience)
    {
        long last = Update();
        LastGrowth = Stopwatch.GetTimestamp();
        while (last < count && Stopwatch.GetElapsedTime(LastGrowth) < patience)
        {
            Thread.Sleep(LookInterval);
            if (Update() is var now && now != last)
                (last, LastGrowth) = (now, Stopwatch.GetTimestamp());
        }
        return last;
    }
}
