namespace ExitSnoop.Tests.Records;

/// <summary>Users by name and by id, as getent(1) knows them.</summary>
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
}
