using System.ComponentModel;
using System.Globalization;
using ExitSnoop.Linux;
using ExitSnoop.Records;

namespace ExitSnoop.Recording;

/// <summary>The limits of a recording.</summary>
/// <param name="MaxSize">The size of all segments in bytes.</param>
/// <param name="MaxAge">Segments that were last written longer ago than this are deleted.</param>
/// <param name="KeepFree">Returns, for the size of the file system in bytes, how many bytes of it must stay free.</param>
/// <param name="KeepArguments">Whether the arguments of processes are kept.</param>
internal sealed record RecordingLimits(long MaxSize, TimeSpan MaxAge, Func<long, long> KeepFree, bool KeepArguments);

/// <summary>The properties of the machine that the writer uses. Tests replace them.</summary>
internal sealed record RecordingMachine
{
    internal required SegmentHead Head { get; init; }

    /// <summary>The boot clock, in nanoseconds.</summary>
    internal Func<long> Boot { get; init; } = Clocks.Boot;

    /// <summary>Nanoseconds to add to the boot clock to get Unix time.</summary>
    internal required Func<long> WallOffset { get; init; }

    internal Func<uint, string?> UserName { get; init; } = Users.Here.NameOf;

    /// <summary>fsync(2): takes a descriptor, returns 0 or errno.</summary>
    internal Func<int, int> Sync { get; init; } = FileCalls.Sync;

    /// <summary>How long after a write the file is synced.</summary>
    internal TimeSpan SyncAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Returns the free bytes and the size of a file system; null for the file system of the folder.</summary>
    internal Func<(long Free, long Total)>? Space { get; init; }
}

/// <summary>
/// Writes a recording: blocks of exits and notes, in segments, within limits. Only one thread may call it, except for the
/// counters. <see cref="UntilDue"/> says when <see cref="Tick"/> must be called even if there are no exits.
/// </summary>
/// <remarks>What cannot be written is dropped and counted, so that the reading of exits never waits for a disk.</remarks>
internal sealed class RecordingWriter : IDisposable
{
    private const long Second = 1_000_000_000;

    /// <summary>
    /// In nanoseconds: how long an exit may wait to be written, how often a note is written while there are no exits, and how long after its
    /// first exit a segment is ended.
    /// </summary>
    private const long FlushAfter = Second, AliveInterval = 60 * Second, SegmentTime = 3600 * Second;

    /// <summary>In nanoseconds: how often a paused recording tries to continue, and how often the free space is checked.</summary>
    private const long RetryInterval = Second, SpaceInterval = Second;

    private const long SmallestSegment = 64 << 10;
    private const int SegmentsWithinLimit = 8;

    private readonly RecordingFolder folder;
    private readonly RecordingLimits limits;
    private readonly RecordingMachine machine;
    private readonly string filters;
    private readonly Action<string> report;
    private readonly BlockWriter block;
    private readonly SegmentSync sync;
    private readonly long segmentSize, startWall, startBoot;
    private SegmentFile? file;
    private uint nextPart;
    private long exitsInSegment, firstWall, lastWall, firstExit;
    private long lastWritten, nextSpaceCheck, nextRetry;
    private long pausedSince, missed;
    private string? pauseReason;
    private bool begun;
    private long exits, bytes, missedInAll, pauses, doubtful;

    /// <param name="folder">The directory. The writer disposes it.</param>
    /// <param name="limits">The limits.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="filters">The filters in words; empty if all exits are recorded.</param>
    /// <param name="report">Receives messages in whole sentences.</param>
    internal RecordingWriter(RecordingFolder folder, RecordingLimits limits, RecordingMachine machine, string filters, Action<string> report)
    {
        (this.folder, this.limits, this.machine, this.filters, this.report) = (folder, limits, machine, filters, report);
        segmentSize = Math.Clamp(limits.MaxSize / SegmentsWithinLimit, SmallestSegment, RecordingFormat.SegmentSize);
        block = new BlockWriter(machine.UserName, limits.KeepArguments);
        sync = new SegmentSync(folder, machine.Sync, machine.SyncAfter);
        startBoot = machine.Boot();
        startWall = startBoot + machine.WallOffset();
        DeleteOld();
        if (IsShortOfSpace() is { } reason)
            Pause(reason);
        else if (BeginSegment(ItemKind.Start) is not 0 and int error)
            Pause(Why(error));
    }

    /// <summary>How many exits were written.</summary>
    internal long Exits => Interlocked.Read(ref exits);

    /// <summary>How many bytes were written.</summary>
    internal long Bytes => Interlocked.Read(ref bytes);

    /// <summary>How many exits could not be written.</summary>
    internal long Missed => Interlocked.Read(ref missedInAll);

    /// <summary>How often the recording has paused.</summary>
    internal long Pauses => Interlocked.Read(ref pauses);

    /// <summary>How often fsync(2) failed.</summary>
    internal long SyncFailures => Interlocked.Read(ref doubtful);

    /// <summary>Why the recording is paused; null if it is not.</summary>
    internal string? PauseReason => Volatile.Read(ref pauseReason);

    /// <summary>The size of the whole recording in bytes.</summary>
    internal long Size => folder.Size + (file?.Length ?? 0);

    /// <summary>How long until <see cref="Tick"/> has something to do.</summary>
    internal TimeSpan UntilDue
    {
        get
        {
            long due = PauseReason is not null ? nextRetry
                : block.Exits > 0 ? (long)block.First + FlushAfter
                : lastWritten + AliveInterval;
            long now = machine.Boot();
            // A failed fsync is reported soon after it, even if there are no exits.
            if (file is { IsDirty: true })
                due = Math.Min(due, Math.Max(now, lastWritten + (machine.SyncAfter.Ticks * TimeSpan.NanosecondsPerTick)) + Second);
            return TimeSpan.FromTicks(Math.Clamp(due - now, 0, AliveInterval) / TimeSpan.NanosecondsPerTick) + TimeSpan.FromMilliseconds(1);
        }
    }

    /// <summary>Adds an exit.</summary>
    internal void Add(in RecordView exit, in RecordView exec, ReadOnlySpan<byte> crash, long wallOffset)
    {
        if (block.NeedsOtherPart(wallOffset))
            WritePart();
        if (PauseReason is null && !block.TryAdd(exit, exec, crash, wallOffset))
        {
            WritePart();
            block.Clear();
            if (PauseReason is null && block.TryAdd(exit, exec, crash, wallOffset))
                return;
            Miss(1);
        }
        else if (PauseReason is not null)
            Miss(1);
    }

    /// <summary>Writes a note that exits were lost before they could be recorded.</summary>
    /// <param name="since">Since when, in nanoseconds of the boot clock.</param>
    /// <param name="count">How many.</param>
    /// <param name="isUpperBound">Whether fewer may be lost.</param>
    /// <param name="why">The reason in words.</param>
    internal void AddLoss(ulong since, long count, bool isUpperBound, string why) =>
        WriteNote(new Note(ItemKind.Loss, (ulong)machine.Boot(), machine.WallOffset()) { Since = since, Count = count, IsUpperBound = isUpperBound, Text = why });

    /// <summary>Does what is due: writes waiting exits, continues after a pause, begins a new segment, deletes old ones.</summary>
    internal void Tick()
    {
        long now = machine.Boot();
        NoteSyncFailures();
        if (PauseReason is not null)
        {
            if (now >= nextRetry)
                TryGoOn(now);
            return;
        }
        if (block.Exits > 0 && now - (long)block.First >= FlushAfter)
            WritePart();
        else if (block.Exits == 0 && now - lastWritten >= AliveInterval)
            WriteNote(new Note(ItemKind.Alive, (ulong)now, machine.WallOffset()));
        if (block.Exits == 0)
            GoToNextSegmentIfDue(now);
    }

    /// <summary>Writes waiting exits and the note that the recorder was stopped.</summary>
    internal void Stop()
    {
        if (PauseReason is not null)
            TryGoOn(machine.Boot());
        WritePart();
        NoteSyncFailures();
        if (file is not null && PauseReason is null)
            EndSegment(goesOn: false);
    }

    /// <summary>Syncs what was written and unlocks the folder. Without <see cref="Stop"/> before it, the recording has no end note.</summary>
    public void Dispose()
    {
        block.Dispose();
        if (file is not null)
            sync.Retire(file);
        file = null;
        sync.Dispose();
        folder.Dispose();
    }

    private int BeginSegment(ItemKind how)
    {
        ulong now = (ulong)machine.Boot();
        long offset = machine.WallOffset();
        SegmentHead head = machine.Head with { Number = folder.NextNumber, Time = now, WallOffset = offset };
        int error;
        while ((error = folder.Create(head, out file)) is FileCalls.ENOSPC or FileCalls.EDQUOT && folder.DeleteOldest())
        {
        }
        if (error != 0)
            return error;
        (nextPart, exitsInSegment, firstWall, lastWall, firstExit) = (0, 0, 0, 0, 0);
        block.Clear();
        WriteNote(new Note(how, now, offset) { Text = filters });
        begun |= PauseReason is null;
        return 0;
    }

    private void EndSegment(bool goesOn)
    {
        WriteNote(new Note(ItemKind.End, (ulong)machine.Boot(), machine.WallOffset())
        {
            GoesOn = goesOn,
            FirstWall = firstWall,
            LastWall = lastWall,
            Count = exitsInSegment,
        });
        Leave();
    }

    /// <summary>Closes the segment without an end note.</summary>
    private void Leave()
    {
        if (file is null)
            return;
        folder.Finished(file);
        sync.Retire(file);
        file = null;
    }

    /// <summary>Must not be called while exits wait in the block, because their part would be lost.</summary>
    private void GoToNextSegmentIfDue(long now)
    {
        if (file is null || (file.Length < segmentSize && (firstExit == 0 || now - firstExit < SegmentTime)))
            return;
        EndSegment(goesOn: true);
        DeleteOld();
        if (PauseReason is null && BeginSegment(ItemKind.Continued) is not 0 and int error)
            Pause(Why(error));
    }

    private void WritePart()
    {
        if (block.Exits == 0 || file is null)
            return;
        ReadOnlySpan<byte> part = block.TakePart(nextPart, file.Checksum, out PartHeader header);
        if (!Append(part, header.Last))
        {
            Miss(header.Exits);
            pausedSince = Math.Min(pausedSince, (long)header.First);
            return;
        }
        nextPart++;
        Interlocked.Add(ref exits, header.Exits);
        exitsInSegment += header.Exits;
        firstExit = firstExit == 0 ? machine.Boot() : firstExit;
        firstWall = firstWall == 0 ? header.FirstWall : Math.Min(firstWall, header.FirstWall);
        lastWall = Math.Max(lastWall, header.LastWall);
        GoToNextSegmentIfDue(machine.Boot());
    }

    private void WriteNote(Note note)
    {
        // A note is a part of its own, so it ends the block.
        WritePart();
        block.Clear();
        if (file is null || PauseReason is not null)
            return;
        if (Append(note.ToPart(nextPart, file.Checksum, out _), note.Time))
            nextPart++;
    }

    /// <summary>Appends a part to the segment and deletes old segments to make room. If it fails, pauses the recording and returns false.</summary>
    private bool Append(ReadOnlySpan<byte> part, ulong time)
    {
        long now = machine.Boot();
        if (now >= nextSpaceCheck && IsShortOfSpace() is { } reason)
        {
            Pause(reason);
            return false;
        }
        while (Size + part.Length > limits.MaxSize && folder.DeleteOldest())
        {
        }
        int error;
        while ((error = file!.Append(part, time)) is FileCalls.ENOSPC or FileCalls.EDQUOT && folder.DeleteOldest())
        {
        }
        if (error != 0)
        {
            Pause(Why(error));
            return false;
        }
        lastWritten = now;
        Interlocked.Add(ref bytes, part.Length);
        sync.Written(file);
        return true;
    }

    private void Pause(string reason)
    {
        // The segment gets no end note, but what is on the disk stays readable. The next segment begins with a note about the pause.
        Leave();
        long now = machine.Boot();
        if (pausedSince == 0)
        {
            pausedSince = block.Exits > 0 ? (long)block.First : now;
            Interlocked.Increment(ref pauses);
            report($"Recording pauses: {reason}. Until it continues, exits are counted but not recorded.");
        }
        Miss(block.Exits);
        block.Clear();
        nextRetry = now + RetryInterval;
        Volatile.Write(ref pauseReason, reason);
    }

    private void TryGoOn(long now)
    {
        nextRetry = now + RetryInterval;
        if (IsShortOfSpace() is not null)
            return;
        string? reason = pauseReason;
        Volatile.Write(ref pauseReason, null);
        if (BeginSegment(begun ? ItemKind.Continued : ItemKind.Start) is not 0 and int error)
        {
            Volatile.Write(ref pauseReason, Why(error));
            return;
        }
        WriteNote(new Note(ItemKind.Pause, (ulong)now, machine.WallOffset()) { Since = (ulong)pausedSince, Count = missed, Text = reason! });
        if (PauseReason is not null)
            return;
        report(string.Create(CultureInfo.InvariantCulture, $"Recording continues. {missed} {(missed == 1 ? "exit was" : "exits were")} not recorded."));
        (pausedSince, missed) = (0, 0);
    }

    private void Miss(long count)
    {
        missed += count;
        Interlocked.Add(ref missedInAll, count);
    }

    /// <summary>
    /// Deletes old segments while the file system has too little free space. Returns why the recording cannot continue; null if there is
    /// enough space.
    /// </summary>
    private string? IsShortOfSpace()
    {
        nextSpaceCheck = machine.Boot() + SpaceInterval;
        (long Free, long Total) Space() => machine.Space?.Invoke() ?? folder.Space();

        (long free, long total) = Space();
        long keep = limits.KeepFree(total);
        while (free < keep && folder.DeleteOldest())
            (free, _) = Space();
        return free >= keep ? null
            : string.Create(CultureInfo.InvariantCulture, $"the file system of {folder.Path} has {free >> 20} MiB free, and {keep >> 20} MiB are to be kept free");
    }

    /// <summary>
    /// Deletes segments that are too old. The current time is the wall clock at the start plus the time since, so that a wall clock that is
    /// set ahead by mistake deletes nothing.
    /// </summary>
    private void DeleteOld()
    {
        long now = startWall + (machine.Boot() - startBoot);
        folder.DeleteOlder(DateTime.UnixEpoch.AddTicks(now / TimeSpan.NanosecondsPerTick) - limits.MaxAge);
    }

    private void NoteSyncFailures()
    {
        while (sync.TryTakeFailure(out SyncFailure failure))
        {
            Interlocked.Increment(ref doubtful);
            report($"fsync of the recording failed: {new Win32Exception(failure.Error).Message}. What was recorded in the seconds before may not survive a power failure.");
            if (PauseReason is not null)
                continue;
            if (file?.Number == failure.Segment)
            {
                WritePart();
                Leave();
                if (BeginSegment(ItemKind.Continued) is not 0 and int error)
                {
                    Pause(Why(error));
                    return;
                }
            }
            WriteNote(new Note(ItemKind.Doubtful, failure.Until, machine.WallOffset()) { Since = failure.Since, Text = new Win32Exception(failure.Error).Message });
        }
    }

    private string Why(int error) => $"{folder.Path} cannot be written to: {new Win32Exception(error).Message}";
}
