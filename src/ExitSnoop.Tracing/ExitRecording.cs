using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using ExitSnoop.Crash;
using ExitSnoop.Linux;
using ExitSnoop.Recording;
using ExitSnoop.Records;

namespace ExitSnoop;

/// <summary>
/// What an <see cref="ExitRecorder"/> has recorded, on this machine or another:
/// <code>
/// ExitRecording recording = ExitRecording.Open("/var/log/exitsnoop");
/// foreach (ExitEvent exit in recording.ReadEvents(new ExitRecordingOptions { After = DateTimeOffset.Now.AddHours(-8) }))
///     Console.WriteLine(exit);
/// while (recording.TryTakeFinding(out ExitRecordingFinding? finding))
///     Console.Error.WriteLine(finding.Message);
/// </code>
/// </summary>
/// <remarks>
/// It loads no BPF program and needs no privilege but to read the files. It reads only what the span asked for touches, takes
/// the same memory whatever the size of the recording, and can be read while it is written.
/// </remarks>
public sealed class ExitRecording
{
    /// <summary>Milliseconds between two looks at whether something was recorded.</summary>
    private const int FollowInterval = 200;

    private const long NewestFollowed = 10;

    private readonly IReadOnlyList<Source> sources;
    private readonly ConcurrentQueue<ExitRecordingFinding> findings = new();
    private ExitRecordingFinding? last;

    private ExitRecording(IReadOnlyList<Source> sources) => this.sources = sources;

    /// <summary>Opens a recording.</summary>
    /// <param name="paths">Directories, or segments out of them. Of several machines, the exits are put in order by the wall clock.</param>
    /// <exception cref="ExitRecordingException">There is no recording, or it cannot be read.</exception>
    public static ExitRecording Open(params IEnumerable<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        List<Source> sources = [];
        Dictionary<string, List<(int Number, string Path)>> files = [];
        foreach (string path in paths)
        {
            string full = Path.GetFullPath(path);
            try
            {
                if (Directory.Exists(full))
                    sources.Add(new Source(full, Found(RecordingFolder.Segments(full), path)));
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
            sources.Add(new Source(null, siblings));
        }
        return new ExitRecording(sources);
    }

    /// <summary>The exits asked for. What is missing in their span is found on the way: see <see cref="TryTakeFinding"/>.</summary>
    /// <param name="options">Which, and in which order; null for all, the newest first.</param>
    /// <param name="cancellation">Ends the enumeration.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    /// <exception cref="ExitRecordingException">A segment is of a version that is not known here.</exception>
    public IEnumerable<ExitEvent> ReadEvents(ExitRecordingOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new ExitRecordingOptions();
        Reading reading = new(options, Add, cancellation);
        return options.Follow ? Follow(reading) : reading.Limit(Merge(reading, options.OldestFirst));
    }

    /// <summary>Takes the next finding: a gap, a loss or damage in what was read so far.</summary>
    public bool TryTakeFinding([NotNullWhen(true)] out ExitRecordingFinding? finding) => findings.TryDequeue(out finding);

    private void Add(Finding finding, bool utc)
    {
        ExitRecordingFinding told = ExitRecordingFinding.Of(finding, utc);
        if (told != last)
            findings.Enqueue(told);
        last = told;
    }

    private IEnumerable<ExitEvent> Follow(Reading reading)
    {
        ExitRecordingOptions options = reading.Options;
        Stopwatch elapsed = Stopwatch.StartNew();
        IEnumerable<ExitEvent> there = Merge(reading, oldestFirst: options.After is not null);
        if (options.After is null)
            there = there.Take((int)Math.Min(options.Filter.MaxEvents ?? NewestFollowed, int.MaxValue)).ToList().AsEnumerable().Reverse();
        foreach (ExitEvent exit in there)
            yield return exit;

        List<RecordingTail> tails = [.. sources.Where(source => source.Folder is not null).Select(source => new RecordingTail(source.Folder!, source.Position.Segment, source.Position.Parts))];
        try
        {
            RecordedBlock block = new();
            while (true)
            {
                foreach (RecordingTail tail in tails)
                    while (tail.TryRead(block, out int from))
                        foreach (ExitEvent exit in reading.Events(block, tail.Head, from, oldestFirst: true))
                            yield return exit;
                TimeSpan wait = TimeSpan.FromMilliseconds(FollowInterval);
                if (options.Filter.TimeLimit is { } limit)
                {
                    if (elapsed.Elapsed >= limit)
                        yield break;
                    wait = limit - elapsed.Elapsed < wait ? limit - elapsed.Elapsed : wait;
                }
                reading.Cancellation.WaitHandle.WaitOne(wait);
                reading.Cancellation.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            tails.ForEach(tail => tail.Dispose());
        }
    }

    /// <summary>The exits of all sources, by the wall clock where there are several.</summary>
    private IEnumerable<ExitEvent> Merge(Reading reading, bool oldestFirst)
    {
        if (sources.Count == 1)
            return sources[0].Read(reading, oldestFirst);
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

            foreach (Source source in sources)
                Enqueue(source.Read(reading, oldestFirst).GetEnumerator());
            while (heads.TryDequeue(out IEnumerator<ExitEvent>? next, out _))
            {
                yield return next.Current;
                Enqueue(next);
            }
        }
    }

    private static IReadOnlyList<(int Number, string Path)> Found(IReadOnlyList<(int Number, string Path)> segments, string path) => segments.Count > 0
        ? segments
        : throw new ExitRecordingException(ExitRecordingError.NotFound, $"There is no recording in {path}. 'exitsnoop --record {path}' makes one.");

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
            throw new ExitRecordingException(ExitRecordingError.NotARecording, $"{path} is no segment of a recording, or its beginning is damaged.");
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
            $"This user may not read {path}. Use sudo, or have it recorded for a group (--group) that this user is in.", refused),
        _ => new(ExitRecordingError.NotFound, $"{path} cannot be read: {refused.Message.TrimEnd('.')}.", refused),
    };

    private static ExitRecordingException UnknownVersion(string path, UnknownFormatException unknown) => new(
        ExitRecordingError.UnknownVersion,
        unknown.Layout is { } layout
            ? $"{path} has records of layout {layout}, and this program reads layout {RecordingFormat.Layout}. Read it with the version of ExitSnoop that wrote it, or a newer one."
            : $"{path} is of version {unknown.Version} of the format, and this program reads version {RecordingFormat.Version}. Read it with a newer ExitSnoop.",
        unknown);

    /// <summary>A directory, or segments out of one.</summary>
    private sealed class Source(string? folder, IReadOnlyList<(int Number, string Path)> segments)
    {
        internal string? Folder => folder;

        /// <summary>How far the newest segment was read.</summary>
        internal (int Segment, int Parts) Position { get; private set; }

        internal IEnumerable<ExitEvent> Read(Reading reading, bool oldestFirst)
        {
            RecordingReader reader = new(segments, reading.After, reading.Before, oldestFirst, reading.Tell);
            using IEnumerator<RecordedBlock> blocks = reader.Blocks().GetEnumerator();
            while (MoveNext(blocks))
            {
                Position = reader.Position;
                foreach (ExitEvent exit in reading.Events(blocks.Current, reader.Head, 0, oldestFirst))
                    yield return exit;
            }
            Position = reader.Position;
            if (folder is not null && reader.NewestEnd is { } end && !RecordingFolder.IsRecording(folder) && reading.Before > end.Until)
                reading.Tell(new Finding(FindingKind.Ended, end.Until, Math.Min(reading.Before, Clocks.Wall())));
        }

        private bool MoveNext(IEnumerator<RecordedBlock> blocks)
        {
            try
            {
                return blocks.MoveNext();
            }
            catch (UnknownFormatException unknown)
            {
                throw UnknownVersion(folder ?? segments[0].Path, unknown);
            }
        }
    }

    /// <summary>One enumeration: which exits are wanted, and how they are shown.</summary>
    private sealed class Reading(ExitRecordingOptions options, Action<Finding, bool> tell, CancellationToken cancellation)
    {
        private readonly RecordFilter filter = new(options.Filter);
        private readonly ExitFilter? detailed = ExitFilter.IsSet(options.Filter) ? new ExitFilter(options.Filter) : null;

        internal ExitRecordingOptions Options => options;

        internal CancellationToken Cancellation => cancellation;

        internal long After { get; } = options.After is { } after ? Nanoseconds(after) : long.MinValue;

        internal long Before { get; } = options.Before is { } before ? Nanoseconds(before) : long.MaxValue;

        internal void Tell(Finding finding) => tell(finding, options.Filter.Utc);

        internal IEnumerable<ExitEvent> Limit(IEnumerable<ExitEvent> events) => options.Filter.MaxEvents is { } most ? events.Take((int)Math.Min(most, int.MaxValue)) : events;

        /// <summary>The exits of a block that are wanted.</summary>
        internal IEnumerable<ExitEvent> Events(RecordedBlock block, SegmentHead head, int from, bool oldestFirst)
        {
            cancellation.ThrowIfCancellationRequested();
            RecordOrigin? origin = null;
            for (int i = from; i < block.Count; i++)
            {
                int index = oldestFirst ? i : block.Count - 1 - (i - from);
                if (!IsWanted(block, index))
                    continue;
                origin ??= new RecordOrigin(head.PageSize, block.Users);
                ExitEvent exit = new(block.Exit(index).ToArray(), null, block.WallOffset(index), options.Filter.Utc, options.Filter.Label, origin);
                if (block.Crash(index) is { IsEmpty: false } crash)
                    exit.CrashReport = Report(crash);
                if (detailed is null || detailed.Wants(exit))
                    yield return exit;
            }
        }

        private CrashReport? Report(ReadOnlySpan<byte> crash) =>
            CrashJson.Read(crash) is { } report ? report with { StackTrace = options.Filter.StackTrace ? report.StackTrace : null } : null;

        private bool IsWanted(RecordedBlock block, int index) =>
            RecordView.TryParse(block.Exit(index), out RecordView view)
            && (long)view.Record.ExitTime + block.WallOffset(index) is var wall && wall >= After && wall <= Before
            && filter.Wants(view);

        private static long Nanoseconds(DateTimeOffset time)
        {
            // What lies beyond is before or after all that is recorded.
            const long furthest = long.MaxValue / TimeSpan.NanosecondsPerTick;
            return Math.Clamp(time.UtcTicks - DateTime.UnixEpoch.Ticks, -furthest, furthest) * TimeSpan.NanosecondsPerTick;
        }
    }
}
