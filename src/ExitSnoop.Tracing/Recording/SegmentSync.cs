namespace ExitSnoop.Recording;

/// <summary>
/// The thread that calls fsync(2) on the segments, some seconds after a write, and closes finished segments. If a device stalls,
/// only this thread waits for it.
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

    /// <summary>Tells that something was written to a segment.</summary>
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

    /// <summary>Tells that nothing more is written to a segment, so that it is synced and closed.</summary>
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

    /// <summary>Takes the next failure of fsync(2); returns false if there is none.</summary>
    internal bool TryTakeFailure(out SyncFailure failure)
    {
        lock (gate)
            return failures.TryDequeue(out failure);
    }

    /// <summary>Syncs everything and ends the thread.</summary>
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

/// <summary>A failure of fsync(2). Times are nanoseconds of the boot clock.</summary>
/// <param name="Segment">The number of the segment.</param>
/// <param name="Error">errno.</param>
/// <param name="Since">What is older than this is on the device; 0 if nothing of the segment is known to be.</param>
/// <param name="Until">What is between the first time and this one may not be on the device.</param>
internal readonly record struct SyncFailure(int Segment, int Error, ulong Since, ulong Until);
