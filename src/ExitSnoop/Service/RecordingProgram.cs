using ExitSnoop.Crash;
using ExitSnoop.Linux;

namespace ExitSnoop.Commands.Service;

/// <summary>
/// The copy of the console program that the service runs, in a place where only root can change it. If another user could write to
/// the program, that user would get the capabilities of the service. Besides, SELinux and ProtectHome= prevent the execution of
/// programs in home directories.
/// </summary>
internal static class RecordingProgram
{
    internal const string Folder = "/usr/local/lib/exitsnoop";

    internal const string Path = Folder + "/exitsnoop";

    private const UnixFileMode Mode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>The path of the program in the module's folder; null if there is none for this architecture.</summary>
    internal static string? Carried => UnwinderProgram.Find();

    /// <summary>Copies the program from the module's folder.</summary>
    /// <exception cref="ServiceException">The module has no program, or another user could change the copy.</exception>
    internal static void Install()
    {
        if (Carried is not { } source)
            throw new ServiceException(ServiceError.ProgramNotFound, "The module has no console program for this processor: it was built without one.");
        Check(Folder);
        Directory.CreateDirectory(Folder);
        File.SetUnixFileMode(Folder, Mode);
        // Replaced by a rename, because the old program may be running.
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

    /// <summary>Checks that no user other than root can replace a folder of a path.</summary>
    /// <exception cref="ServiceException">Another user can.</exception>
    internal static void Check(string path)
    {
        if (WritableByOthers(path) is { } folder)
            throw new ServiceException(
                ServiceError.Unsafe,
                $"{folder} belongs to another user than root, or others can write to it. They could change the files in {path}. Let only root write to it (chown root, chmod go-w).");
    }

    /// <summary>The first folder of a path, with links resolved, that a user other than root can write to; null if there is none.</summary>
    private static string? WritableByOthers(string path)
    {
        for (string? folder = path; folder is not null; folder = System.IO.Path.GetDirectoryName(folder))
        {
            // A missing folder is created by root.
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
