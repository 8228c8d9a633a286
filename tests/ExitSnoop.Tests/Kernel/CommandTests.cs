using System.Runtime.InteropServices;

namespace ExitSnoop.Tests.Kernel;

/// <summary>Arguments and executables of exited processes, byte by byte.</summary>
[Collection(KernelTests.Name)]
public sealed partial class CommandTests(WatchedChildren children) : IClassFixture<WatchedChildren>
{
    private const int ArgumentsMaximum = 4096;

    [Theory]
    [MemberData(nameof(Fallback.All), MemberType = typeof(Fallback))]
    public void The_command_is_what_was_executed(string without)
    {
        using Recording recording = Recording.OfChildren(options: new() { Fallbacks = Fallback.Parse(without) });
        using Child child = Child.Run(TestProgram.Victim, "exit", "0", "a word", "", "it's", "");
        ExitEvent exit = recording.Of(child);
        Assert.Equal(TestProgram.Victim, exit.Path);
        Assert.Equal([TestProgram.Victim, "exit", "0", "a word", "", "it's", ""], exit.Arguments!);
        Assert.Equal($"{TestProgram.Victim} exit 0 'a word' '' 'it'\\''s' ''", exit.CommandLine);
        Assert.False(exit.CommandLineTruncated);
    }

    [Fact]
    public void A_process_that_was_there_before_the_trace_has_its_command()
    {
        using Child child = Child.Start(TestProgram.Victim, "-w", "exit", "0");
        child.ReadId();
        using Recording recording = Recording.OfChildren();
        child.WriteLine();
        child.Wait();
        Assert.Equal([TestProgram.Victim, "-w", "exit", "0"], recording.Of(child).Arguments!);
    }

    [Fact]
    public void A_script_shows_its_interpreter()
    {
        using TestFolder folder = new();
        string script = Path.Join(folder.FullName, "script");
        File.WriteAllText(script, "#!/bin/sh\nexit 4\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        using Child child = Child.Run(script, "argument");
        ExitEvent exit = children.Of(child);
        Assert.Equal(["/bin/sh", script, "argument"], exit.Arguments!);
        Assert.Equal(File.ResolveLinkTarget("/bin/sh", returnFinalTarget: true)?.Name ?? "sh", Path.GetFileName(exit.Path));
        Assert.Equal("script", exit.Name);
    }

    [Fact]
    public void Arguments_may_be_any_bytes()
    {
        byte[][] hostile =
        [
            "\u001b[31m\u001b]0;title\a"u8.ToArray(), "new\nline\r\t"u8.ToArray(), "=cmd()|'/C calc'!A0"u8.ToArray(),
            "\u202egnp.exe\u2066"u8.ToArray(), [0xff, 0xfe, (byte)'x'], [0xc3], "$(reboot) `x` \"q\" \\"u8.ToArray(),
        ];
        using Child child = Child.Start(TestProgram.Victim, ["exit"u8.ToArray(), "0"u8.ToArray(), .. hostile]);
        child.Wait();
        ExitEvent exit = children.Of(child);
        Assert.Equal(hostile.Select(Encoding.UTF8.GetString), exit.Arguments!.Skip(3));
        Assert.Equal("\ufffd\ufffdx", exit.Arguments![^3]);
        Assert.False(exit.CommandLineTruncated);
    }

    [Theory]
    [InlineData(-1, false)]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(100_000, true)]
    public void Arguments_beyond_4_KiB_are_cut_and_it_says_so(int beyond, bool cut)
    {
        string[] head = [TestProgram.Victim, "exit", "0"];
        int used = head.Sum(text => text.Length + 1);
        string last = new('x', ArgumentsMaximum - used - 1 + beyond);
        using Child child = Child.Run(TestProgram.Victim, "exit", "0", last);
        ExitEvent exit = children.Of(child);
        Assert.Equal(cut, exit.CommandLineTruncated);
        Assert.Equal([.. head, last[..Math.Min(last.Length, ArgumentsMaximum - used)]], exit.Arguments!);
    }

    [Fact]
    public void Thousands_of_arguments_are_told_in_order_as_far_as_they_go()
    {
        using Child child = Child.Run(TestProgram.Victim, ["exit", "0", .. Enumerable.Range(0, 3000).Select(i => $"{i:d4}")]);
        string[] seen = [.. children.Of(child).Arguments!.Skip(3)];
        Assert.InRange(seen.Length, 700, 820);
        Assert.Equal(Enumerable.Range(0, seen.Length - 1).Select(i => $"{i:d4}"), seen[..^1]);
    }

    [Theory]
    [InlineData(26, 1, false)]
    [InlineData(40, 1, false)]
    [InlineData(70, 1, true)]
    [InlineData(3, 200, false)]
    [InlineData(10, 200, true)]
    public void A_path_too_deep_or_too_long_keeps_its_end_and_says_so(int depth, int nameLength, bool cut)
    {
        using TestFolder folder = new();
        string whole = folder.Copy(TestProgram.Victim, string.Concat(Enumerable.Repeat(new string('d', nameLength) + "/", depth)) + "program");
        using Child child = Child.Run(whole, "exit", "0");
        string path = children.Of(child).Path!;
        if (!cut)
        {
            Assert.Equal(whole, path);
            return;
        }
        Assert.StartsWith(".../", path, StringComparison.Ordinal);
        Assert.EndsWith(path[3..], whole, StringComparison.Ordinal);
        Assert.InRange(path.Length, nameLength, whole.Length);
    }

    [Fact]
    public void A_path_may_be_any_bytes()
    {
        using TestFolder folder = new();
        string whole = folder.Copy(TestProgram.Victim, "a b/\n\u001b[31m/\u00fc'\"$x");
        using Child child = Child.Run(whole, "exit", "0");
        Assert.Equal(whole, children.Of(child).Path);
    }

    [Fact]
    public void An_executable_that_was_deleted_still_has_its_path()
    {
        using TestFolder folder = new();
        string copy = folder.Copy(TestProgram.Victim, "deleted");
        using Child child = Child.Start(copy, "-w", "exit", "0");
        child.ReadId();
        File.Delete(copy);
        child.WriteLine();
        child.Wait();
        Assert.Equal(copy, children.Of(child).Path);
    }

    [Fact]
    public void An_executable_in_memory_shows_the_name_of_its_memfd()
    {
        int fd = memfd_create("not a file", 0);
        try
        {
            string link = $"/proc/{Environment.ProcessId}/fd/{fd}";
            File.WriteAllBytes(link, File.ReadAllBytes(TestProgram.Victim));
            // Not with a FileStream, because the kernel refuses to execute a file that is open for writing.
            using Child child = Child.Run(link, "exit", "0");
            Assert.Equal("/memfd:not a file", children.Of(child).Path);
        }
        finally
        {
            _ = LibC.close(fd);
        }
    }

    [Theory]
    [InlineData(7, false)]
    [InlineData(400, false)]
    [InlineData(4095, false)]
    [InlineData(4096, true)]
    [InlineData(9000, true)]
    public void A_program_that_sets_its_title_over_its_arguments_shows_that_as_ps_does(int length, bool cut)
    {
        if (!File.Exists("/usr/bin/perl"))
            Assert.Skip("There is no perl, which can set its title.");
        string title = "a title ".PadRight(length, 'x')[..length];
        using Child child = Child.Start("/usr/bin/perl", "-e", "$| = 1; $0 = shift; print qq(set\n); <STDIN>;", title);
        Assert.Equal("set", child.ReadLine());
        string? seenByPs = Proc.CommandLineOf(child.Id);
        child.WriteLine();
        child.Wait();
        // /proc shows at most one page of a title.
        Assert.Equal(title[..Math.Min(length, 4096)], seenByPs);
        ExitEvent exit = children.Of(child);
        Assert.Equal([title[..Math.Min(length, ArgumentsMaximum - 1)]], exit.Arguments!);
        Assert.Equal(cut, exit.CommandLineTruncated);
    }

    [Fact]
    public void Basic_events_have_no_more_than_the_original_shows()
    {
        using Recording recording = Recording.OfChildren(options: new() { Basic = true });
        using Child child = Child.Run(TestProgram.Victim, "null-deref");
        ExitEvent exit = recording.Of(child);
        Assert.Equal(("victim", "signal 11 (SEGV)"), (exit.Name, exit.Status));
        string[] original = ["Name", "Id", "ParentId", "ThreadId", "Age", "StartTime", "ExitTime", "ExitCode", "Signal", "CoreDumped", "Crashed", "Failed", "Status", "Label", "IsThread", "CommandLineTruncated", "HostName"];
        foreach (System.Reflection.PropertyInfo property in typeof(ExitEvent).GetProperties())
            Assert.True(original.Contains(property.Name) || property.GetValue(exit) is null, property.Name);
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);
}
