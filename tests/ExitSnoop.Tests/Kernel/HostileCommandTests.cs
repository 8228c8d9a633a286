namespace ExitSnoop.Tests.Kernel;

/// <summary>Processes that change the addresses of their arguments, or whose arguments are not completely in memory.</summary>
[Collection(KernelTests.Name)]
public sealed class HostileCommandTests(WatchedChildren children) : IClassFixture<WatchedChildren>
{
    private const string Secret = "hunter2";

    internal static readonly Dictionary<string, string?> Environment = new() { ["PASSWORD"] = Secret, ["TOKEN"] = Secret };

    /// <summary>
    /// The addresses of arguments and environment that are set with prctl(2), and whether the arguments are shown then:
    /// a and e are where they start, E where the environment ends.
    /// </summary>
    public static TheoryData<string, string, string, string, bool> Places { get; } = new()
    {
        { "a", "e", "e", "E", true },
        { "a", "E", "e", "E", true },
        { "a", "E", "E", "E", true },
        { "a", "E", "a", "a", false },
        { "a", "E", "0x10000", "0x10000", true },
        { "a", "E-10", "E-10", "E", true },
        { "e", "E", "a", "e", false },
        { "e", "E", "E", "E", false },
        { "e+3", "E", "e", "E", false },
        { "e+3", "E-3", "0x10000", "0x20000", false },
        { "0x10000", "0x7fffffffe000", "e", "E", false },
        { "E", "0x7fffffffe000", "e", "E", false },
    };

    [Theory]
    [MemberData(nameof(Places))]
    public void Nothing_of_the_environment_is_shown_wherever_a_process_says_its_arguments_are(
        string argStart, string argEnd, string envStart, string envEnd, bool shown)
    {
        (ExitEvent exit, _) = Watch("map", argStart, argEnd, envStart, envEnd);
        AssertNoEnvironment(exit);
        if (shown)
            Assert.Equal([TestProgram.Arguments, "map", argStart, argEnd, envStart, envEnd], exit.Arguments!);
        else
            Assert.Null(exit.Arguments);
    }

    [Fact]
    public void Nothing_of_the_environment_is_shown_where_a_process_says_that_its_stack_is_elsewhere_too()
    {
        (ExitEvent exit, _) = Watch("map", "a", "E", "E", "E", "E");
        AssertNoEnvironment(exit);
        Assert.Null(exit.Arguments);
        Assert.True(exit.CommandLineTruncated);
    }

    [Fact]
    public void Nothing_of_an_environment_of_2000_variables_is_shown()
    {
        Dictionary<string, string?> many = Enumerable.Range(0, 2000).ToDictionary(i => $"PASSWORD{i}", _ => (string?)Secret);
        using Child child = Child.Start(TestProgram.Arguments, new[] { "map", "a", "E", "E", "E" }.Select(Encoding.UTF8.GetBytes), many);
        Assert.Equal("ready", child.ReadLine());
        child.CloseInput();
        child.Wait();
        Assert.Equal([TestProgram.Arguments, "map", "a", "E", "E", "E"], children.Of(child).Arguments!);
    }

    [Fact]
    public void Nothing_of_the_environment_is_shown_after_an_execve_that_failed_late()
    {
        using Child child = Child.Start(TestProgram.Arguments, ["late-exec"u8.ToArray()], Environment);
        child.CloseInput();
        Assert.Equal((int)Signal.SEGV, child.Wait().Status & 0x7f);
        ExitEvent exit = children.Of(child);
        AssertNoEnvironment(exit);
        Assert.Null(exit.Arguments);
    }

    [Fact]
    public void Nothing_of_the_environment_is_shown_where_the_last_NUL_of_the_arguments_is_overwritten()
    {
        (ExitEvent exit, string proc) = Watch("last-nul");
        // /proc shows it.
        Assert.StartsWith("last-nul!", proc, StringComparison.Ordinal);
        Assert.Contains("=", proc, StringComparison.Ordinal);
        AssertNoEnvironment(exit);
        Assert.Equal(["last-nul!"], exit.Arguments!);
        Assert.True(exit.CommandLineTruncated);
    }

    [Theory]
    [InlineData("worker: idle, after many requests, since a long time, at /a/path/that/goes/on/and/on")]
    [InlineData("worker: --option=value another=one and more, so that it surely goes on behind the arguments")]
    [InlineData("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")]
    public void A_title_that_goes_on_over_the_environment_is_shown_as_proc_does(string title)
    {
        (ExitEvent exit, string proc) = Watch("title", title);
        Assert.Equal(title + title, proc);
        Assert.Equal([title + title], exit.Arguments!);
        Assert.False(exit.CommandLineTruncated);
    }

    /// <summary>The arguments are one text of two pages: "1000 1001 1002 ...".</summary>
    [Theory]
    [InlineData("1", "1", "^1000 1001 .* [0-9]+$")]
    [InlineData("0", "1", "^\\.\\.\\.[0-9]+ .*[0-9 ]$")]
    public void Of_arguments_of_which_one_page_is_not_in_memory_the_other_is_shown_and_it_says_so(string page, string count, string shown)
    {
        ExitEvent exit = WatchDropped(page, count);
        string text = Assert.Single(exit.Arguments!);
        Assert.Matches(shown, text);
        string[] numbers = text.TrimEnd().Split(' ')[1..^1];
        Assert.InRange(numbers.Length, 10, 800);
        int first = int.Parse(numbers[0], CultureInfo.InvariantCulture);
        Assert.Equal(Enumerable.Range(first, numbers.Length).Select(number => $"{number}"), numbers);
        Assert.True(exit.CommandLineTruncated);
    }

    [Fact]
    public void Arguments_none_of_which_is_in_memory_are_marked_as_missing()
    {
        ExitEvent exit = WatchDropped("0", "2");
        Assert.Null(exit.Arguments);
        Assert.Null(exit.CommandLine);
        Assert.True(exit.CommandLineTruncated);
    }

    [Theory]
    [InlineData(30, 3, false)]
    [InlineData(40, 3, true)]
    [InlineData(20, 200, true)]
    public void A_cgroup_too_deep_or_too_long_keeps_its_end_and_says_so(int depth, int nameLength, bool cut)
    {
        Stack<TestCgroup> cgroups = new();
        try
        {
            string path = string.Create(CultureInfo.InvariantCulture, $"deep-{System.Environment.ProcessId}");
            cgroups.Push(TestCgroup.Create(path));
            while (cgroups.Count < depth)
                cgroups.Push(TestCgroup.Create(path += "/" + new string('d', nameLength)));
            using Recording recording = Recording.OfChildren();
            using Child child = cgroups.Peek().Start(TestProgram.Victim, "exit", "0");
            child.Wait();
            string seen = recording.Of(child).CgroupPath!;
            if (!cut)
            {
                Assert.Equal("/" + path, seen);
                return;
            }
            Assert.StartsWith(".../", seen, StringComparison.Ordinal);
            Assert.EndsWith(seen[3..], "/" + path, StringComparison.Ordinal);
        }
        finally
        {
            while (cgroups.TryPop(out TestCgroup? cgroup))
                cgroup.Dispose();
        }
    }

    /// <summary>Runs a mode to its end, and reads /proc/PID/cmdline before.</summary>
    private (ExitEvent Exit, string Proc) Watch(params string[] mode)
    {
        using Child child = Child.Start(TestProgram.Arguments, mode.Select(Encoding.UTF8.GetBytes), Environment);
        Assert.Equal("ready", child.ReadLine());
        string proc = Proc.CommandLineOf(child.Id)!;
        child.CloseInput();
        child.Wait();
        return (children.Of(child), proc);
    }

    /// <summary>/proc/PID/cmdline is not read, because that would load the pages again.</summary>
    private ExitEvent WatchDropped(string page, string count)
    {
        using Child child = Child.Start(TestProgram.Arguments, new[] { "drop", page, count }.Select(Encoding.UTF8.GetBytes), Environment);
        Assert.Equal("ready", child.ReadLine());
        child.CloseInput();
        child.Wait();
        return children.Of(child);
    }

    private static void AssertNoEnvironment(ExitEvent exit)
    {
        AssertNoEnvironment(exit.Arguments);
    }

    internal static void AssertNoEnvironment(IEnumerable<string>? arguments)
    {
        foreach (string argument in arguments ?? [])
        {
            Assert.DoesNotContain(Secret, argument, StringComparison.Ordinal);
            Assert.DoesNotContain("PASSWORD", argument, StringComparison.Ordinal);
            Assert.DoesNotContain("PATH=", argument, StringComparison.Ordinal);
        }
    }
}
