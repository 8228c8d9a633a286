namespace ExitSnoop.Tests.Kernel;

/// <summary>Kernel threads are processes too, without a command: ext4's journal has one while it is mounted.</summary>
[Collection(KernelTests.Name)]
public sealed class KernelThreadTests
{
    private const int Kthreadd = 2;

    [Fact]
    public void The_exit_of_a_kernel_thread_is_reported()
    {
        using TestFolder folder = new();
        string image = Path.Join(folder.FullName, "image"), mountPoint = Path.Join(folder.FullName, "mounted");
        using (FileStream file = File.Create(image))
            file.SetLength(8 << 20);
        Directory.CreateDirectory(mountPoint);
        IReadOnlySet<int> others = JournalThreads();
        if (Status("mkfs.ext4", "-q", image) != 0 || Status("mount", "-o", "loop", image, mountPoint) != 0)
            Assert.Skip("No file system can be made and mounted here.");
        int journal;
        Recording recording;
        try
        {
            journal = JournalThreads().Except(others).Single();
            recording = Recording.OfChildren(Kthreadd);
        }
        finally
        {
            Assert.Equal(0, Status("umount", mountPoint));
        }
        using (recording)
        {
            ExitEvent exit = recording.WaitFor(exit => exit.Id == journal);
            Assert.StartsWith("jbd2/loop", exit.Name, StringComparison.Ordinal);
            Assert.Equal((Kthreadd, "kthreadd", "0", 0u), (exit.ParentId, exit.ParentName, exit.Status, exit.UserId));
            Assert.Null(exit.Path);
            Assert.Null(exit.CommandLine);
        }
    }

    private static IReadOnlySet<int> JournalThreads() =>
        Proc.All.Where(id => Proc.CommOf(id)?.StartsWith("jbd2/loop", StringComparison.Ordinal) == true).ToHashSet();

    private static int Status(string program, params string[] arguments)
    {
        try
        {
            using Child child = Child.Run(program, arguments);
            return child.Wait().Status;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // There is no such program.
            return -1;
        }
    }
}
