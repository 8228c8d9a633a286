using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using ExitSnoop.Linux;
using ExitSnoop.Recording;

namespace ExitSnoop;

/// <summary>
/// Reads what an <see cref="ExitRecorder"/> has recorded, on this machine or another:
/// <code>
/// ExitRecording recording = ExitRecording.Open("/var/log/exitsnoop");
/// foreach (ExitEvent exit in recording.ReadEvents(new ExitRecordingOptions { After = DateTimeOffset.Now.AddHours(-8) }))
///     Console.WriteLine(exit);
/// while (recording.TryTakeFinding(out ExitRecordingFinding? finding))
///     Console.Error.WriteLine(finding.Message);
/// </code>
/// </summary>
/// <remarks>
/// It loads no BPF program and needs no privileges except permission to read the files. It reads only the blocks that overlap the requested
/// span of time, and the memory that it needs does not depend on the size of the recording. A recording can be read while it is written.
/// </remarks>
public sealed class ExitRecording
{
    /// <summary>Milliseconds between two checks for new exits.</summary>
    private const int FollowInterval = 200;

    private const long NewestFollowed = 10;

    private readonly IReadOnlyList<IExitSource> sources;
    private readonly ConcurrentQueue<ExitRecordingFinding> findings = new();
    private ExitRecordingFinding? last;

    private ExitRecording(IReadOnlyList<IExitSource> sources) => this.sources = sources;

    /// <summary>Opens a recording.</summary>
    /// <param name="paths">
    /// Directories of recordings, single segments, and files with one event per line as JSON, as the console program writes them, compressed
    /// with gzip or not. The exits of several recordings are merged in the order of the wall clock.
    /// </param>
    /// <exception cref="ExitRecordingException">There is no recording at a path, or it cannot be read.</exception>
    public static ExitRecording Open(params IEnumerable<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        List<IExitSource> sources = [];
        Dictionary<string, List<(int Number, string Path)>> files = [];
        foreach (string path in paths)
        {
            string full = Path.GetFullPath(path);
            try
            {
                if (Directory.Exists(full))
                    sources.Add(new SegmentSource(full, SegmentsOf(path)));
                else if (JsonSource.IsJson(full))
                    sources.Add(new JsonSource(full));
                else if (NumberOf(full) is { } number)
                {
                    string folder = Path.GetDirectoryName(full)!;
                    files.TryAdd(folder, []);
                    files[folder].Add((number, full));
                }
            }
            catch (Exception refused) when (refused is UnauthorizedAccessException or IOException)
            {
                throw CannotRead(path, refused);
            }
        }
        foreach (List<(int Number, string Path)> siblings in files.Values)
        {
            siblings.Sort();
            sources.Add(new SegmentSource(null, siblings));
        }
        return new ExitRecording(sources);
    }

    /// <summary>Enumerates exits. Gaps in the requested span are found on the way; see <see cref="TryTakeFinding"/>.</summary>
    /// <param name="options">Which exits, and in which order; null for all exits, newest first.</param>
    /// <param name="cancellation">Ends the enumeration.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    /// <exception cref="ExitRecordingException">
    /// A segment is of a version that this program does not know, or <see cref="ExitTraceOptions.IncludeChildren"/> is set without
    /// <see cref="ExitTraceOptions.Ids"/>.
    /// </exception>
    public IEnumerable<ExitEvent> ReadEvents(ExitRecordingOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new ExitRecordingOptions();
        if (options.Filter.IncludeChildren && options.Filter.Ids.Count == 0)
            throw new ExitRecordingException(ExitRecordingError.InvalidOption, ExitTraceErrors.DescendantsOfNone);
        RecordingQuery query = new(options, Add, cancellation);
        return options.Follow ? Follow(query) : query.Limit(Merge(query, options.OldestFirst));
    }

    /// <summary>Takes the next finding: a gap, a loss or damage in the part that was read so far. Returns false if there is none.</summary>
    public bool TryTakeFinding([NotNullWhen(true)] out ExitRecordingFinding? finding) => findings.TryDequeue(out finding);

    private void Add(Finding finding, bool utc)
    {
        ExitRecordingFinding told = ExitRecordingFinding.Of(finding, utc);
        if (told != last)
            findings.Enqueue(told);
        last = told;
    }

    private IEnumerable<ExitEvent> Follow(RecordingQuery query)
    {
        ExitRecordingOptions options = query.Options;
        Stopwatch elapsed = Stopwatch.StartNew();
        IEnumerable<ExitEvent> there = Merge(query, oldestFirst: options.After is not null);
        if (options.After is null)
            there = there.Take((int)Math.Min(options.Filter.MaxEvents ?? NewestFollowed, int.MaxValue)).ToList().AsEnumerable().Reverse();
        foreach (ExitEvent exit in there)
            yield return exit;

        List<RecordingTail> tails = [.. sources.Select(source => source.Tail).OfType<RecordingTail>()];
        try
        {
            RecordedBlock block = new();
            while (true)
            {
                foreach (RecordingTail tail in tails)
                    while (tail.TryRead(block, out int from))
                        foreach (ExitEvent exit in query.Events(block, tail.Head, from, oldestFirst: true))
                            yield return exit;
                TimeSpan wait = TimeSpan.FromMilliseconds(FollowInterval);
                if (options.Filter.TimeLimit is { } limit)
                {
                    if (elapsed.Elapsed >= limit)
                        yield break;
                    wait = limit - elapsed.Elapsed < wait ? limit - elapsed.Elapsed : wait;
                }
                query.Cancellation.WaitHandle.WaitOne(wait);
                query.Cancellation.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            tails.ForEach(tail => tail.Dispose());
        }
    }

    /// <summary>The exits of all sources. Those of several sources are merged in the order of the wall clock.</summary>
    private IEnumerable<ExitEvent> Merge(RecordingQuery query, bool oldestFirst)
    {
        if (sources.Count == 1)
            return sources[0].Read(query, oldestFirst);
        return MergeSeveral();

        IEnumerable<ExitEvent> MergeSeveral()
        {
            PriorityQueue<IEnumerator<ExitEvent>, long> heads = new();
            void Enqueue(IEnumerator<ExitEvent> events)
            {
                if (events.MoveNext())
                    heads.Enqueue(events, oldestFirst ? events.Current.ExitMoment.UtcTicks : -events.Current.ExitMoment.UtcTicks);
                else
                    events.Dispose();
            }

            foreach (IExitSource source in sources)
                Enqueue(source.Read(query, oldestFirst).GetEnumerator());
            while (heads.TryDequeue(out IEnumerator<ExitEvent>? next, out _))
            {
                yield return next.Current;
                Enqueue(next);
            }
        }
    }

    /// <summary>The segments of a recording, oldest first.</summary>
    /// <exception cref="ExitRecordingException">The directory has no segments or cannot be read.</exception>
    internal static IReadOnlyList<(int Number, string Path)> SegmentsOf(string directory)
    {
        try
        {
            IReadOnlyList<(int Number, string Path)> segments = RecordingFolder.Segments(Path.GetFullPath(directory));
            return segments.Count > 0
                ? segments
                : throw new ExitRecordingException(ExitRecordingError.NotFound, $"There is no recording in {directory}. 'exitsnoop --record {directory}' starts one.");
        }
        catch (DirectoryNotFoundException missing)
        {
            throw new ExitRecordingException(ExitRecordingError.NotFound, $"There is no directory {directory}.", missing);
        }
        catch (Exception refused) when (refused is UnauthorizedAccessException or IOException)
        {
            throw CannotRead(directory, refused);
        }
    }

    private static int? NumberOf(string path)
    {
        try
        {
            using SegmentReader? segment = SegmentReader.Open(path);
            return segment?.Head.Number ?? 0;
        }
        catch (Win32Exception refused)
        {
            throw CannotRead(path, refused);
        }
        catch (NotASegmentException)
        {
            throw new ExitRecordingException(ExitRecordingError.NotARecording, $"{path} is not a segment of a recording, or its beginning is damaged.");
        }
        catch (UnknownFormatException unknown)
        {
            throw UnknownVersion(path, unknown);
        }
    }

    private static ExitRecordingException CannotRead(string path, Exception refused) => refused switch
    {
        Win32Exception { NativeErrorCode: LibC.ENOENT } => new(ExitRecordingError.NotFound, $"There is no {path}.", refused),
        UnauthorizedAccessException or Win32Exception { NativeErrorCode: LibC.EACCES } => new(
            ExitRecordingError.NoPermission,
            $"This user may not read {path}. Use sudo, or record for a group of this user (--group).", refused),
        _ => new(ExitRecordingError.NotFound, $"{path} cannot be read: {refused.Message.TrimEnd('.')}.", refused),
    };

    internal static ExitRecordingException UnknownVersion(string path, UnknownFormatException unknown) => new(
        ExitRecordingError.UnknownVersion,
        unknown.Layout is { } layout
            ? $"{path} has records of layout {layout}, and this program reads layout {RecordingFormat.Layout}. Read it with the version of ExitSnoop that wrote it, or a newer one."
            : $"{path} is of version {unknown.Version} of the format, and this program reads version {RecordingFormat.Version}. Read it with a newer ExitSnoop.",
        unknown);
}
