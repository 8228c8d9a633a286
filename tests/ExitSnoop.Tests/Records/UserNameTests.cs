namespace ExitSnoop.Tests.Records;

/// <summary>Users by name and by ID, compared with getent(1).</summary>
public sealed class UserNameTests
{
    [Fact]
    public void Each_user_of_this_machine_is_known_both_ways()
    {
        using Child getent = Child.Run("getent", "passwd");
        string[][] entries = [.. getent.Output.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(':'))];
        Assert.NotEmpty(entries);
        foreach (string[] entry in entries)
        {
            Assert.True(UserNames.TryGetId(entry[0], out uint id));
            Assert.Equal(entry[2], $"{id}");
        }
        Assert.Equal("root", UserNames.GetName(0));
    }

    [Fact]
    public void An_id_may_be_given_in_digits_whether_it_has_a_name_or_not()
    {
        Assert.True(UserNames.TryGetId("4000000001", out uint id));
        Assert.Equal(4000000001, id);
        Assert.Null(UserNames.GetName(4000000001));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no such user")]
    [InlineData("-1")]
    [InlineData("4294967296")]
    public void What_is_no_user_is_refused(string text) => Assert.False(UserNames.TryGetId(text, out _));

    [Fact]
    public void A_user_who_is_added_renamed_or_removed_is_seen_after_some_seconds()
    {
        long now = 1_000_000;
        string? name = null;
        int asked = 0;
        Users users = new(_ =>
        {
            asked++;
            return name;
        }, () => now);
        foreach (string? next in new[] { "alice", "bob", null })
        {
            string? before = users.NameOf(1000);
            name = next;
            now += Users.KeptFor - 1;
            Assert.Equal(before, users.NameOf(1000));
            now += 1;
            Assert.Equal(next, users.NameOf(1000));
        }
        Assert.Equal(4, asked);
    }

    // 1 is daemon or bin on this machine, but can be any user in the container.
    [Theory]
    [InlineData(1, true, false, null)]
    [InlineData(1, true, true, "daemon")]
    [InlineData(0, true, false, "root")]
    [InlineData(0, false, false, "root")]
    public void A_process_in_a_container_gets_a_name_of_this_machine_only_where_its_id_is_one_of_it(
        uint uid, bool contained, bool userNamespace, string? name)
    {
        Assert.Equal("daemon", UserNames.GetName(1));
        string cgroup = contained ? "/docker/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" : "/user.slice";
        RecordFlags flags = userNamespace ? RecordFlags.UserNamespace : 0;
        ExitRecord record = new() { Pid = 4711, Tid = 4711, HostPid = 4711, Flags = flags };
        ExitEvent exit = RecordBytes.Event(RecordBytes.Of(record, new ExitDetail { Uid = uid, NamespacePid = contained ? 7u : 4711u }, cgroup: cgroup));
        Assert.Equal(name, exit.UserName);
    }

    [Fact]
    public void A_process_in_the_readers_own_container_has_the_readers_names()
    {
        ExitRecord record = new() { Pid = 7, Tid = 7, HostPid = 4711 };
        string cgroup = "/docker/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        ExitEvent exit = RecordBytes.Event(RecordBytes.Of(record, new ExitDetail { Uid = 1, NamespacePid = 7 }, cgroup: cgroup));
        Assert.Equal(UserNames.GetName(1), exit.UserName);
    }
}
