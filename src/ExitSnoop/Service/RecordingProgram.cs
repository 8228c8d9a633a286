using ExitSnoop.Crash;
using ExitSnoop.Linux;

namespace ExitSnoop.Commands.Service;

/// <summary>
/// The console program where only root can change it. A program that a user can write and that runs with capabilities gives
/// that user the capabilities; and SELinux and ProtectHome= refuse programs in homes.
/// </summary>
internal static class RecordingProgram
{
    internal const string Folder = "/usr/local/lib/exitsnoop";

    internal const string Path = Folder + "/exitsnoop";

    private const UnixFileMode Mode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>The program that the module carries; null where it has none for this processor.</summary>
    internal static string? Carried => UnwinderProgram.Find();

    /// <summary>Copies the module's program.</summary>
    /// <exception cref="ServiceException">There is none, or others could change the copy.</exception>
    internal static void Install()
    {
        if (Carried is not { } source)
            throw new ServiceException(ServiceError.ProgramNotFound, "The module has no console program for this processor: it was built without one.");
        Check(Folder);
        Directory.CreateDirectory(Folder);
        File.SetUnixFileMode(Folder, Mode);
        // Renamed into its place: the old one may be running.
        string copy = Path + ".new";
        File.Delete(copy);
        File.Copy(source, copy);
        File.SetUnixFileMode(copy, Mode);
        File.Move(copy, Path, overwrite: true);
    }

    internal static void Remove()
    {
        if (Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Refuses a path that another user than root could redirect.</summary>
    /// <exception cref="ServiceException">Such a user could.</exception>
    internal static void Check(string path)
    {
        if (WritableByOthers(path) is { } folder)
            throw new ServiceException(
                ServiceError.Unsafe,
                $"{folder} belongs to another user than root, or others can write to it. They could change the files in {path}. Let only root write to it (chown root, chmod go-w).");
    }

    /// <summary>The first folder on a path, links followed, that another user than root can write to; null where there is none.</summary>
    private static string? WritableByOthers(string path)
    {
        for (string? folder = path; folder is not null; folder = System.IO.Path.GetDirectoryName(folder))
        {
            // What is missing is made by root.
            if (!Directory.Exists(folder))
                continue;
            if (new DirectoryInfo(folder).ResolveLinkTarget(returnFinalTarget: true) is { } target && WritableByOthers(target.FullName) is { } found)
                return found;
            if (FileCalls.OpenFolder(folder, out int fd) != 0)
                return folder;
            bool isSafe = FileStatus.Get(fd, out FileStatus status) == 0 && status.OnlyRootCanWrite;
            _ = LibC.close(fd);
            if (!isSafe)
                return folder;
        }
        return null;
    }
}
