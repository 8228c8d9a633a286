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

    /// <summary>The latest time in the parts that were written, in nanoseconds of the boot clock.</summary>
    internal long LastTime => Volatile.Read(ref lastTime);

    /// <summary>The latest time in the parts that were written before the last fsync(2).</summary>
    internal long SyncedTime => Volatile.Read(ref syncedTime);

    /// <summary>Whether something was written after the last fsync(2).</summary>
    internal bool IsDirty => SyncedTime < LastTime;

    /// <summary>Appends bytes; returns 0 or errno. After an error nothing of them is in the file.</summary>
    /// <param name="bytes">The bytes of a part or of the heads.</param>
    /// <param name="time">The latest time in them, in nanoseconds of the boot clock.</param>
    internal int Append(ReadOnlySpan<byte> bytes, ulong time)
    {
        int error = FileCalls.WriteAt(fd, bytes, Length);
        if (error != 0)
        {
            // A reader would report an incomplete part as damage.
            _ = FileCalls.Truncate(fd, Length);
            return error;
        }
        Length += bytes.Length;
        Volatile.Write(ref lastTime, Math.Max(lastTime, (long)time));
        return 0;
    }

    /// <summary>
    /// Syncs what was written until now; returns 0 or errno. After a failure the same bytes are not synced again, because the kernel has
    /// marked their pages as clean.
    /// </summary>
    internal int Sync(Func<int, int> sync)
    {
        long until = LastTime;
        int error = sync(fd);
        Volatile.Write(ref syncedTime, until);
        return error;
    }

    internal void Close() => _ = LibC.close(fd);
}
