using System.ComponentModel;
using System.Globalization;
using ExitSnoop.Linux;

namespace ExitSnoop.Recording;

/// <summary>The directory of a recording, locked by the recorder that writes to it.</summary>
internal sealed class RecordingFolder : IDisposable
{
    private const string Prefix = "exits-", Suffix = ".rec";

    // Modes 0700 and 0600; with a group 0750 and 0640.
    private const int OwnFolder = 0x1c0, OwnFile = 0x180, GroupFolder = 0x1e8, GroupFile = 0x1a0;

    /// <summary>How often and with which pause in milliseconds to try: <see cref="IsRecording"/> in another process takes the lock for a moment.</summary>
    private const int LockAttempts = 20, LockPause = 25;

    private readonly SortedDictionary<int, long> segments = [];
    private readonly uint? group;

    private RecordingFolder(string path, int fd, uint? group)
    {
        (Path, Fd, this.group) = (path, fd, group);
        foreach ((int number, string file) in Segments(path))
            segments[number] = new FileInfo(file).Length;
        Sum();
    }

    internal string Path { get; }

    internal int Fd { get; }

    /// <summary>The size of all finished segments in bytes.</summary>
    internal long Size { get; private set; }

    /// <summary>Opens the directory and locks it. Creates it if it is missing.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="group">The group that may read the recording; null for none.</param>
    /// <exception cref="Win32Exception">The directory cannot be created or opened.</exception>
    /// <exception cref="FolderInUseException">Another recorder has locked it.</exception>
    /// <exception cref="FolderUnsafeException">Other users can write to it.</exception>
    internal static RecordingFolder Open(string path, uint? group)
    {
        path = System.IO.Path.GetFullPath(path);
        int mode = group is null ? OwnFolder : GroupFolder;
        int made = FileCalls.MakeFolder(path, mode);
        if (made is not (0 or FileCalls.EEXIST))
            throw new Win32Exception(made);
        Check(FileCalls.OpenFolder(path, out int fd));
        try
        {
            if (made == 0 || group is not null)
            {
                if (group is { } id)
                    Check(FileCalls.ChangeGroup(fd, id));
                Check(FileCalls.ChangeMode(fd, mode));
            }
            // A user who can write to the directory could make the recorder create and delete other files with its privileges.
            Check(FileStatus.Get(fd, out FileStatus status));
            if (status.IsWritableByOthers || (status.Owner != 0 && status.Owner != FileCalls.EffectiveUser))
                throw new FolderUnsafeException();
            Lock(fd);
            return new RecordingFolder(path, fd, group);
        }
        catch
        {
            _ = LibC.close(fd);
            throw;
        }
    }

    /// <summary>The segments in a directory, oldest first.</summary>
    internal static IReadOnlyList<(int Number, string Path)> Segments(string folder)
    {
        List<(int Number, string Path)> found = [];
        foreach (string file in Directory.EnumerateFiles(folder, Prefix + "*" + Suffix))
            if (int.TryParse(
                System.IO.Path.GetFileName(file).AsSpan()[Prefix.Length..^Suffix.Length], NumberStyles.None, CultureInfo.InvariantCulture, out int number))
                found.Add((number, file));
        found.Sort();
        return found;
    }

    /// <summary>Whether a recorder has locked a directory; false if the directory cannot be opened.</summary>
    internal static bool IsRecording(string folder)
    {
        if (FileCalls.OpenFolder(folder, out int fd) != 0)
            return false;
        bool locked = FileCalls.IsLocked(fd);
        _ = LibC.close(fd);
        return locked;
    }

    /// <summary>The ID of the process that has locked a directory as a recorder; null if there is none, or if it is in another PID namespace.</summary>
    internal static int? RecorderOf(string folder)
    {
        if (FileIdentity.Inode(folder) is not { } inode)
            return null;
        string locked = string.Create(CultureInfo.InvariantCulture, $":{inode}");
        // number: FLOCK ADVISORY WRITE pid major:minor:inode 0 EOF. For some file systems the device numbers differ from those of stat(2).
        foreach (string line in File.ReadLines("/proc/locks"))
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, "FLOCK", _, "WRITE", string id, string file, ..]
                && file.EndsWith(locked, StringComparison.Ordinal) && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int pid))
                return pid;
        return null;
    }

    /// <summary>The bytes of the file system that users other than root can still use, and its size in bytes.</summary>
    internal (long Free, long Total) Space()
    {
        try
        {
            DriveInfo drive = new(Path);
            return (drive.AvailableFreeSpace, drive.TotalSize);
        }
        catch (Exception unknown) when (unknown is IOException or UnauthorizedAccessException)
        {
            // The directory was deleted. Creating the next segment reports that.
            return (long.MaxValue, 0);
        }
    }

    /// <summary>The number of the next segment.</summary>
    internal int NextNumber => segments.Count == 0 ? 1 : segments.Keys.Last() + 1;

    /// <summary>Creates a segment and writes its heads; returns 0 or errno. After an error the file is deleted.</summary>
    internal int Create(SegmentHead head, out SegmentFile? segment)
    {
        segment = null;
        string path = PathOf(head.Number);
        byte[] bytes = head.ToBytes(out uint checksum);
        int error = FileCalls.CreateNew(path, group is null ? OwnFile : GroupFile, out int fd);
        if (error != 0)
            return error;
        SegmentFile file = new(fd, head.Number, checksum);
        if (group is { } id)
            error = FileCalls.ChangeGroup(fd, id) is not 0 and int refused ? refused : FileCalls.ChangeMode(fd, GroupFile);
        if (error == 0)
            error = file.Append(bytes, head.Time);
        if (error != 0)
        {
            file.Close();
            Delete(path);
            return error;
        }
        segments[head.Number] = 0;
        segment = file;
        return 0;
    }

    /// <summary>Adds the size of a finished segment to <see cref="Size"/>.</summary>
    internal void Finished(SegmentFile file)
    {
        segments[file.Number] = file.Length;
        Sum();
    }

    /// <summary>Deletes the oldest segment; returns false if only the newest is left.</summary>
    internal bool DeleteOldest()
    {
        if (segments.Count <= 1)
            return false;
        int oldest = segments.Keys.First();
        segments.Remove(oldest);
        Sum();
        Delete(PathOf(oldest));
        return true;
    }

    /// <summary>Deletes the segments, except for the newest, that were last written before a time.</summary>
    internal void DeleteOlder(DateTime time)
    {
        while (segments.Count > 1 && File.GetLastWriteTimeUtc(PathOf(segments.Keys.First())) < time)
            DeleteOldest();
    }

    public void Dispose() => _ = LibC.close(Fd);

    private void Sum() => Size = segments.Values.Sum();

    private string PathOf(int number) => System.IO.Path.Join(Path, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number:D8}{Suffix}"));

    private static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            // The file stays and is not counted in Size.
        }
    }

    private static void Lock(int fd)
    {
        for (int attempt = 1; ; attempt++)
        {
            int error = FileCalls.TryLock(fd);
            if (error == 0)
                return;
            if (error != FileCalls.EWOULDBLOCK)
                throw new Win32Exception(error);
            if (attempt == LockAttempts)
                throw new FolderInUseException();
            Thread.Sleep(LockPause);
        }
    }

    private static void Check(int error)
    {
        if (error != 0)
            throw new Win32Exception(error);
    }
}

/// <summary>Another recorder writes to the directory.</summary>
internal sealed class FolderInUseException : Exception;

/// <summary>The directory is writable for its group or others, or its owner is neither root nor the user of this process.</summary>
internal sealed class FolderUnsafeException : Exception;
