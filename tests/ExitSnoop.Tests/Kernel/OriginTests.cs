namespace ExitSnoop.Tests.Kernel;

/// <summary>The origin of processes: ancestors, login, terminal, working directory.</summary>
[Collection(KernelTests.Name)]
public sealed class OriginTests(WatchedChildren children) : IClassFixture<WatchedChildren>
{
    [Fact]
    public void The_ancestors_are_those_that_proc_shows()
    {
        using Child child = Child.Run(TestProgram.Victim, "exit", "0");
        ExitEvent exit = children.Of(child);

        // The shell and its ancestors still exist.
        List<string> chain = [];
        for (int id = Environment.ProcessId; id > 0 && chain.Count < 8; id = Proc.ParentOf(id)!.Value)
            chain.Add($"{File.ReadAllText($"/proc/{id}/comm").Trim()} ({id})");
        Assert.Equal(chain, exit.Ancestors!.ToArray().Select(ancestor => ancestor.ToString()));
        Assert.Equal(string.Join(" < ", chain), exit.Ancestors!.ToString());
        Assert.Equal(exit.ParentId, exit.Ancestors![0].Id);
    }

    [Fact]
    public void No_more_than_eight_ancestors_are_told_the_nearest_first()
    {
        string nested = "exit 42";
        for (int i = 0; i < 10; i++)
            nested = $"sh -c {Quote(nested)}; exit $?";
        (Child child, Recording recording) = Tree("sh", "-c", nested);
        using (child)
        using (recording)
        {
            ExitEvent innermost = recording.WaitFor(exit => exit.ExitCode == 42);
            Assert.Equal(8, innermost.Ancestors!.Count);
            Assert.All(innermost.Ancestors.Name, name => Assert.Equal("sh", name));
        }
    }

    [Fact]
    public void The_working_directory_is_that_of_the_exit()
    {
        using TestFolder folder = new();
        string deep = Directory.CreateDirectory(folder.Path("a b/\u00e9")).FullName;
        using Child child = Child.Run("sh", "-c", $"cd '{deep}'; exit 3");
        Assert.Equal(deep, children.Of(child).WorkingDirectory);
        using Child root = Child.Run("sh", "-c", "cd /; exit 3");
        Assert.Equal("/", children.Of(root).WorkingDirectory);
    }

    [Fact]
    public void A_working_directory_too_deep_to_keep_begins_with_dots()
    {
        using TestFolder folder = new();
        string deep = folder.FullName;
        for (int i = 0; i < 40; i++)
            deep = Path.Join(deep, new string('d', 50));
        Directory.CreateDirectory(deep);
        using Child child = Child.Run("sh", "-c", $"cd '{deep}'; exit 3");
        string told = children.Of(child).WorkingDirectory!;
        Assert.StartsWith(".../d", told, StringComparison.Ordinal);
        Assert.EndsWith(told[3..], deep, StringComparison.Ordinal);
    }

    [Fact]
    public void The_terminal_is_named_as_ps_names_it()
    {
        (Child child, Recording recording) = Tree("script", "-qec", "ps -o tty= -p $$; exit 43", "/dev/null");
        using (child)
        using (recording)
        {
            ExitEvent exit = recording.WaitFor(exit => exit.ExitCode == 43);
            string terminal = child.Output.ReadToEnd().Trim();
            Assert.StartsWith("pts/", terminal, StringComparison.Ordinal);
            Assert.Equal(terminal, exit.Terminal);
        }
    }

    [Fact]
    public void A_process_without_a_terminal_has_none()
    {
        using Child child = Child.Run("setsid", "-w", TestProgram.Victim, "exit", "0");
        Assert.Null(children.Of(child).Terminal);
    }

    [Fact]
    public void The_login_is_the_one_that_audit_knows()
    {
        Need.Unless(File.Exists("/proc/self/loginuid") ? null : "this kernel has no audit");
        using Child nobody = Child.Run("sh", "-c", "cat /proc/self/loginuid");
        uint ours = uint.Parse(nobody.Output.ReadToEnd(), CultureInfo.InvariantCulture);
        Assert.Equal(ours == uint.MaxValue ? null : ours, children.Of(nobody).LoginUserId);

        // The login does not change with the user, as with sudo.
        using Child login = Child.Run("sh", "-c", "echo 65534 >/proc/self/loginuid && exec setpriv --reuid=1 true");
        if (login.Wait().Status == 0)
        {
            Assert.Equal(65534u, children.Of(login).LoginUserId);
            Assert.Equal("nobody", children.Of(login).LoginUserName);
            Assert.Equal(1u, children.Of(login).UserId);
        }
    }

    [Fact]
    public void What_was_only_forked_says_that_it_executed_nothing()
    {
        (Child child, Recording recording) = Tree("sh", "-c", "(exit 44); exit 45");
        using (child)
        using (recording)
        {
            Assert.False(recording.WaitFor(exit => exit.ExitCode == 44).Executed);
            Assert.True(recording.WaitFor(exit => exit.ExitCode == 45).Executed);
        }
    }

    /// <summary>Runs a program and traces it with its descendants.</summary>
    private static (Child Child, Recording Recording) Tree(string file, params string[] arguments)
    {
        Child child = Child.StartHeld(file, arguments);
        Recording recording = Recording.Start(new ExitTraceOptions { Ids = [child.Id], IncludeChildren = true });
        child.WriteLine();
        child.Wait();
        return (child, recording);
    }

    private static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
