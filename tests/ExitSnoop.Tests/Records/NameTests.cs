namespace ExitSnoop.Tests.Records;

/// <summary>The names of a process that a filter by name compares.</summary>
public sealed class NameTests
{
    [Theory]
    // The main thread of node has this comm, and fexecve(3) sets comm to the number of the descriptor.
    [InlineData("MainThread", "/usr/bin/node", "node", true)]
    [InlineData("MainThread", "/usr/bin/node", "MainThread", true)]
    [InlineData("3", "/usr/bin/true", "true", true)]
    [InlineData("exitsnoop-victi", "/tmp/exitsnoop-victim", "exitsnoop-victim", true)]
    [InlineData("sh", "/usr/bin/dash", "bash", false)]
    [InlineData("sh", "/opt/node/bin/sh", "node", false)]
    [InlineData("kthreadd", "", "kthreadd", true)]
    public void A_process_has_the_name_it_gave_itself_and_that_of_its_executable(string comm, string path, string asked, bool found)
    {
        ExitRecord record = new() { Comm = RecordBytes.CommOf(System.Text.Encoding.UTF8.GetBytes(comm)) };
        ExitEvent exit = RecordBytes.Event(RecordBytes.Of(record, new ExitDetail(), path));
        Assert.Equal(found, exit.IsNamed(name => name == asked));
    }

    [Fact]
    public void Without_details_only_the_name_it_gave_itself_counts()
    {
        ExitRecord record = new() { Comm = RecordBytes.CommOf("node"u8) };
        ExitEvent exit = RecordBytes.Event(RecordBytes.Of(record));
        Assert.Equal((true, false), (exit.IsNamed(name => name == "node"), exit.IsNamed(name => name == "MainThread")));
    }
}
