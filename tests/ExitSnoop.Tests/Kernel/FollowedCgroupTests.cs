namespace ExitSnoop.Tests.Kernel;

/// <summary>A cgroup that is removed and created again, as with a service that restarts.</summary>
[Collection(KernelTests.Name)]
public sealed class FollowedCgroupTests
{
    private const int Restarts = 4;

    [Theory]
    [InlineData("exitsnoop-test-service-{0}", false)]
    [InlineData("exitsnoop-test-slice-{0}/service", false)]
    [InlineData("exitsnoop-test-slice-{0}/service", true)]
    public void Its_processes_are_seen_after_each_restart_also_when_the_user_has_no_inotify_watch_left(string name, bool noWatchLeft)
    {
        string path = string.Format(CultureInfo.InvariantCulture, name, Environment.ProcessId);
        TestCgroup cgroup = TestCgroup.Create(path);
        using Recording recording = Recording.Start(new() { Cgroup = cgroup.CgroupPath, AddWatch = noWatchLeft ? NoWatchLeft : null });
        List<int> expected = [];
        for (int restart = 0; restart <= Restarts; restart++)
        {
            cgroup ??= TestCgroup.Create(path);
            using (cgroup)
            using (Child child = cgroup.Start("sleep", noWatchLeft ? "0.5" : "0.15"), outside = Child.Run("sleep", "0"))
            {
                expected.Add(child.Id);
                child.Wait();
            }
            cgroup = null!;
        }
        Assert.Equal(expected, recording.Stop().Select(exit => exit.Id));
    }

    [Fact]
    [Trait("measures", "time")]
    public void One_that_stays_away_is_waited_for_without_work()
    {
        LoadableBpf.Require();
        string path = $"exitsnoop-test-away-{Environment.ProcessId}";
        using Recording recording = StartAndRemove(path);
        ThreadActivity before = ThreadActivity.Of(ThreadActivity.Readers);
        // The test checks that nothing happens for a time.
        Thread.Sleep(1000);
        Assert.InRange((ThreadActivity.Of(ThreadActivity.Readers) - before).WakeUps, 0, 2);
        using TestCgroup again = TestCgroup.Create(path);
        using Child child = again.Start("sleep", "0.15");
        child.Wait();
        Assert.Equal(child.Id, recording.Of(child).Id);
    }

    private static int NoWatchLeft(int fd, string folder, uint events)
    {
        System.Runtime.InteropServices.Marshal.SetLastPInvokeError(LibC.ENOSPC);
        return -1;
    }

    private static Recording StartAndRemove(string path)
    {
        using TestCgroup cgroup = TestCgroup.Create(path);
        return Recording.Start(new() { Cgroup = cgroup.Folder });
    }
}
