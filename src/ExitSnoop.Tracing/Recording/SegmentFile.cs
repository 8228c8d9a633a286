using ExitSnoop.Linux;

namespace ExitSnoop.Recording;

/// <summary>A segment that is being written.</summary>
internal sealed class SegmentFile
{
    private readonly int fd;
    private long lastTime, syncedTime;

    internal SegmentFile(int fd, int number, uint checksum)
    {
        this.fd = fd;
        Number = number;
        Checksum = checksum;
    }

    internal int Number { get; }

    internal uint Checksum { get; }

    internal long Length { get; private set; }

    /// <summary>The time of the last that was written, by the boot clock.</summary>
    internal long LastTime => Volatile.Read(ref lastTime);

    /// <summary>The time of the last that has been synced.</summary>
    internal long SyncedTime => Volatile.Read(ref syncedTime);

    /// <summary>Whether something was written that has not been synced.</summary>
    internal bool IsDirty => SyncedTime < LastTime;

    /// <summary>Writes at the end, all or nothing; 0 or errno.</summary>
    internal int Append(ReadOnlySpan<byte> bytes, ulong time)
    {
        int error = FileCalls.WriteAt(fd, bytes, Length);
        if (error != 0)
        {
            // Half a part would be read as damage.
            _ = FileCalls.Truncate(fd, Length);
            return error;
        }
        Length += bytes.Length;
        Volatile.Write(ref lastTime, Math.Max(lastTime, (long)time));
        return 0;
    }

    /// <summary>Syncs what was written until now; 0 or errno. After a failure the same bytes are not tried again: the kernel takes them for clean.</summary>
    internal int Sync(Func<int, int> sync)
    {
        long until = LastTime;
        int error = sync(fd);
        Volatile.Write(ref syncedTime, until);
        return error;
    }

    internal void Close() => _ = LibC.close(fd);
}
