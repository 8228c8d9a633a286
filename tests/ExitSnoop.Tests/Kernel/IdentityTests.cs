namespace ExitSnoop.Tests.Kernel;

/// <summary>The user of a process, its IDs and its times.</summary>
[Collection(KernelTests.Name)]
public sealed class IdentityTests(WatchedChildren children) : IClassFixture<WatchedChildren>
{
    [Fact]
    public void User_group_parent_and_session_are_told()
    {
        using Child child = Child.Run("setpriv", "--reuid", "65534", "--regid", "4343", "--clear-groups", TestProgram.Victim, "exit", "0");
        using Child leader = Child.Run("setsid", TestProgram.Victim, "exit", "0");
        ExitEvent exit = children.Of(child);
        Assert.Equal((65534u, 4343u, "nobody"), (exit.UserId, exit.GroupId, exit.UserName));
        Assert.Equal(Environment.ProcessId, exit.ParentId);
        Assert.Equal(Proc.CommOf(Environment.ProcessId)!, exit.ParentName);
        Assert.Equal(int.Parse(File.ReadAllText("/proc/self/stat").Split(' ')[5], System.Globalization.CultureInfo.InvariantCulture), exit.SessionId);
        Assert.Equal(leader.Id, children.Of(leader).SessionId);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("--user")]
    public void A_user_in_a_container_has_the_name_of_this_machine_where_a_user_namespace_translates_the_id(string? userNamespace)
    {
        using TestCgroup scope = TestCgroup.Create($"docker-{new string('5', 64)}.scope");
        using Recording recording = Recording.Start(new() { Cgroup = scope.Folder });
        string[] contain = ["unshare", .. userNamespace is null ? Array.Empty<string>() : [userNamespace], "--pid", "--fork", "--kill-child"];
        string[] user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
        // Creating a PID namespace needs root or a user namespace.
        string[] command = userNamespace is null ? [.. contain, .. user] : [.. user, .. contain];
        using Child child = Child.Run("sh", [.. scope.Join, .. command, TestProgram.Victim, "exit", "0"]);
        ExitEvent exit = recording.WaitFor(exit => exit.NamespaceId == 1);
        Assert.Equal((65534u, userNamespace is null ? null : "nobody"), (exit.UserId, exit.UserName));
    }

    [Fact]
    public void A_user_id_without_a_name_has_none()
    {
        using Child child = Child.Run(TestProgram.Murder, "--uid", "4242", "timer", "TERM");
        Assert.Equal((4242u, null), (children.Of(child).UserId, children.Of(child).UserName));
    }

    [Theory]
    [InlineData(true, DateTimeKind.Utc)]
    [InlineData(false, DateTimeKind.Local)]
    public void Times_are_those_of_the_wall_clock_at_the_start_and_the_death(bool utc, DateTimeKind kind)
    {
        using Recording recording = Recording.OfChildren(options: new() { Utc = utc, Label = "a label" });
        DateTime before = DateTime.UtcNow;
        using Child child = Child.Start(TestProgram.Victim, "-w", "exit", "0");
        child.ReadId();
        DateTime started = DateTime.UtcNow;
        // Long enough to distinguish the two times.
        Thread.Sleep(20);
        DateTime released = DateTime.UtcNow;
        child.WriteLine();
        child.Wait();
        DateTime after = DateTime.UtcNow;

        ExitEvent exit = recording.Of(child);
        // The test reads the two clocks one after the other.
        TimeSpan apart = TimeSpan.FromMilliseconds(2);
        Assert.InRange(exit.StartTime.ToUniversalTime(), before - apart, started + apart);
        Assert.InRange(exit.ExitTime.ToUniversalTime(), released - apart, after + apart);
        Assert.Equal((kind, kind), (exit.StartTime.Kind, exit.ExitTime.Kind));
        Assert.Equal("a label", exit.Label);
    }

    [Fact]
    public void When_the_clock_is_set_during_the_trace_each_death_has_the_time_of_its_clock()
    {
        TimeSpan step = TimeSpan.Zero;
        long Clock() => (DateTime.UtcNow + step - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
        using Recording recording = Recording.OfChildren(options: new() { Utc = true, WallClock = Clock });
        using Child before = Child.Run(TestProgram.Victim, "exit", "0");
        DateTime diedBefore = DateTime.UtcNow;
        ExitEvent first = recording.Of(before);
        foreach (TimeSpan set in new[] { TimeSpan.FromHours(1), TimeSpan.FromHours(-1) })
        {
            step = set;
            using Child after = Child.Run(TestProgram.Victim, "exit", "0");
            DateTime diedAfter = DateTime.UtcNow + set;
            ExitEvent second = recording.Of(after);
            Assert.InRange(second.ExitTime, diedAfter - TimeSpan.FromSeconds(1), diedAfter + TimeSpan.FromSeconds(1));
            Assert.InRange(second.Age, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        }
        Assert.InRange(first.ExitTime, diedBefore - TimeSpan.FromSeconds(1), diedBefore + TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void The_time_of_death_is_not_that_of_the_reading()
    {
        LoadableBpf.Require();
        using ExitTrace trace = ExitTrace.Start(new() { ParentIds = [Environment.ProcessId], Utc = true });
        DateTime born = DateTime.UtcNow;
        using Child child = Child.Run(TestProgram.Victim, "exit", "0");
        DateTime dead = DateTime.UtcNow;
        // Long enough to distinguish the time of the reading from the time of the exit.
        Thread.Sleep(50);
        Assert.True(trace.WaitForEvents(TimeSpan.FromSeconds(5)));
        Assert.True(trace.TryRead(out ExitEvent? exit));
        Assert.InRange(exit.ExitTime, born - TimeSpan.FromMilliseconds(2), dead + TimeSpan.FromMilliseconds(2));
    }

    [Fact]
    public void A_container_is_known_by_the_cgroup_it_made()
    {
        LoadableBpf.Require();
        const string id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        using TestCgroup scope = TestCgroup.Create($"docker-{id}.scope");
        using Child contained = scope.Start(TestProgram.Victim, "exit", "0"), free = Child.Run(TestProgram.Victim, "exit", "0");
        contained.Wait();
        Assert.Equal((scope.CgroupPath, id), (children.Of(contained).CgroupPath, children.Of(contained).ContainerId));
        Assert.Contains(":" + children.Of(free).CgroupPath, File.ReadAllLines("/proc/self/cgroup").Select(line => line[line.LastIndexOf(':')..]));
    }
}
