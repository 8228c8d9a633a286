using System.Globalization;
using System.IO.Compression;
using System.Text;
using ExitSnoop.Linux;
using ExitSnoop.Recording;

namespace ExitSnoop;

/// <summary>A file with one event per line as JSON, as the console program writes them, in the order of the exits.</summary>
/// <remarks>
/// To return the newest events first, all events that match the query are kept in memory; with a maximum number of events only
/// the newest of them.
/// </remarks>
/// <param name="path">The file, compressed with gzip or not.</param>
internal sealed class JsonSource(string path) : IExitSource
{
    /// <summary>The longest line in bytes. A longer one is not an event.</summary>
    private const int LongestLine = 1 << 20;

    private bool isDamaged;

    /// <inheritdoc/>
    public RecordingTail? Tail => null;

    /// <summary>Whether a file begins like a file of events: with an object, or like a gzip file. False if there is no such file.</summary>
    internal static bool IsJson(string path)
    {
        // Opening a FIFO would block.
        if (!File.Exists(path) || !FileCalls.IsRegular(path))
            return false;
        using FileStream file = Open(path);
        return IsCompressed(file) || FirstOfText(file) == '{';
    }

    // Empty lines may come before the first event.
    private static int FirstOfText(FileStream file)
    {
        int first;
        do
            first = file.ReadByte();
        while (first is ' ' or '\t' or '\r' or '\n' && file.Position < LongestLine);
        return first;
    }

    /// <inheritdoc/>
    public IEnumerable<ExitEvent> Read(RecordingQuery query, bool oldestFirst)
    {
        IEnumerable<ExitEvent> wanted = Events(query).Where(query.IsWanted);
        if (oldestFirst)
            return wanted;
        return query.Options.Filter.MaxEvents is { } most and < int.MaxValue
            ? wanted.TakeLast((int)most).OrderByDescending(exit => exit.ExitMoment)
            : wanted.OrderByDescending(exit => exit.ExitMoment);
    }

    private IEnumerable<ExitEvent> Events(RecordingQuery query)
    {
        long number = 0, wrong = 0, firstWrong = 0;
        foreach (string? line in Lines())
        {
            query.Cancellation.ThrowIfCancellationRequested();
            number++;
            ExitEvent? exit = null;
            try
            {
                exit = line is null ? null : ExitEventJsonReader.Read(line, query.Options.Filter.Utc);
            }
            catch (FormatException)
            {
                // The line was cut off when its writer was killed, or another program wrote it.
            }
            if (exit is not null)
                yield return exit;
            else if (wrong++ == 0)
                firstWrong = number;
        }
        if (isDamaged)
            query.Tell(new Finding(FindingKind.Unreadable, query.After, query.Before) { Text = $"{path} is damaged: what comes after line {number} cannot be read" });
        if (wrong > 0)
            query.Tell(new Finding(FindingKind.Unreadable, query.After, query.Before)
            {
                Text = string.Create(CultureInfo.InvariantCulture, $"{path} has {wrong} {(wrong == 1 ? "line that is not an event" : "lines that are not events")}, the first is line {firstWrong}"),
            });
    }

    /// <summary>The lines that are not empty; null for a line that is too long.</summary>
    private IEnumerable<string?> Lines()
    {
        using FileStream file = Open(path);
        using Stream text = IsCompressed(file) ? new GZipStream(file, CompressionMode.Decompress) : file;
        byte[] buffer = new byte[64 << 10];
        int start = 0, end = 0;
        bool tooLong = false;
        while (true)
        {
            int length = buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
            if (length < 0)
            {
                if (end - start > LongestLine)
                    (tooLong, start, end) = (true, 0, 0);
                buffer.AsSpan(start, end - start).CopyTo(buffer);
                (start, end) = (0, end - start);
                if (end == buffer.Length)
                    Array.Resize(ref buffer, 2 * buffer.Length);
                int read = ReadSome(text, buffer.AsSpan(end));
                if (read > 0)
                {
                    end += read;
                    continue;
                }
                length = end;
            }
            string line = Encoding.UTF8.GetString(buffer, start, length);
            if (tooLong)
                yield return null;
            else if (!string.IsNullOrWhiteSpace(line))
                yield return line;
            tooLong = false;
            if (start + length == end)
                yield break;
            start += length + 1;
        }
    }

    /// <summary>Reads some bytes. Returns 0 at the end, and if a compressed file is damaged or cut off.</summary>
    private int ReadSome(Stream text, Span<byte> buffer)
    {
        try
        {
            return text.Read(buffer);
        }
        catch (InvalidDataException)
        {
            isDamaged = true;
            return 0;
        }
    }

    private static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    private static bool IsCompressed(FileStream file)
    {
        bool isCompressed = file.ReadByte() == 0x1f && file.ReadByte() == 0x8b;
        file.Position = 0;
        return isCompressed;
    }
}
