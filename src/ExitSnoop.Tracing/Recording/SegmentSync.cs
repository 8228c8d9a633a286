namespace ExitSnoop.Recording;

/// <summary>
/// The thread that has the kernel write to the device what was written to the segments, some seconds after. It alone waits
/// for a device that stalls, and closes the segments that are done with.
/// </summary>
internal sealed class SegmentSync : IDisposable
{
    private readonly RecordingFolder folder;
    private readonly Func<int, int> sync;
    private readonly TimeSpan delay;
    private readonly object gate = new();
    private readonly Queue<SegmentFile> retired = new();
    private readonly Queue<SyncFailure> failures = new();
    private readonly ManualResetEventSlim due = new(), stop = new();
    private readonly Thread thread;
    private SegmentFile? current;
    private bool folderChanged;

    internal SegmentSync(RecordingFolder folder, Func<int, int> sync, TimeSpan delay)
    {
        (this.folder, this.sync, this.delay) = (folder, sync, delay);
        thread = new Thread(Run) { IsBackground = true, Name = "ExitSnoop sync" };
        thread.Start();
    }

    /// <summary>A segment that something was written to.</summary>
    internal void Written(SegmentFile file)
    {
        lock (gate)
        {
            folderChanged |= current != file;
            current = file;
        }
        if (!due.IsSet)
            due.Set();
    }

    /// <summary>A segment that nothing more is written to: it is synced and closed.</summary>
    internal void Retire(SegmentFile file)
    {
        lock (gate)
        {
            retired.Enqueue(file);
            if (current == file)
                current = null;
        }
        due.Set();
    }

    /// <summary>Takes the next fsync(2) that failed.</summary>
    internal bool TryTakeFailure(out SyncFailure failure)
    {
        lock (gate)
            return failures.TryDequeue(out failure);
    }

    /// <summary>Syncs all there is and ends.</summary>
    public void Dispose()
    {
        stop.Set();
        due.Set();
        thread.Join();
        due.Dispose();
        stop.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            due.Wait();
            bool last = stop.Wait(delay);
            due.Reset();
            SyncAll();
            if (last)
                return;
        }
    }

    private void SyncAll()
    {
        SegmentFile[] done;
        SegmentFile? open;
        bool folderToo;
        lock (gate)
        {
            done = [.. retired];
            retired.Clear();
            (open, folderToo, folderChanged) = (current, folderChanged, false);
        }
        foreach (SegmentFile file in done)
        {
            Sync(file);
            file.Close();
        }
        if (open is not null)
            Sync(open);
        if (folderToo)
            _ = sync(folder.Fd);
    }

    private void Sync(SegmentFile file)
    {
        if (!file.IsDirty)
            return;
        long since = file.SyncedTime;
        int error = file.Sync(sync);
        if (error != 0)
            lock (gate)
                failures.Enqueue(new SyncFailure(file.Number, error, (ulong)since, (ulong)file.SyncedTime));
    }
}

/// <summary>An fsync(2) that failed.</summary>
/// <param name="Segment">The number of the segment.</param>
/// <param name="Error">errno.</param>
/// <param name="Since">The time of the last that is known to be on the device; 0 where nothing of the segment is.</param>
/// <param name="Until">The time of the last that may not be.</param>
internal readonly record struct SyncFailure(int Segment, int Error, ulong Since, ulong Until);
