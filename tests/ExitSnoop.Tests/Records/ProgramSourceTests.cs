using System.Text.RegularExpressions;

namespace ExitSnoop.Tests.Records;

/// <summary>The text of the BPF program, so that users can read what is loaded into the kernel.</summary>
public sealed partial class ProgramSourceTests
{
    [Fact]
    public void It_compiles_as_it_stands()
    {
        using TestFolder folder = new();
        string source = Path.Join(folder.FullName, "program.bpf.c"), compiled = Path.Join(folder.FullName, "program.o");
        File.WriteAllText(source, ExitProgramSource.GetText(
            new() { Ids = [181], IncludeChildren = true, Signals = [Signal.SEGV], Users = [0], MinimumAge = TimeSpan.FromSeconds(1.5) }, "Watch-ProcessExit -Id 181 -Label 'a*/b'"));
        using Child clang = Child.Start("clang", "-g", "-O2", "-target", "bpf", "-mcpu=v3", "-Wall", "-Wextra", "-Werror", "-c", source, "-o", compiled);
        string errors = clang.Errors.ReadToEnd();
        Assert.True(clang.Wait().Status == 0, errors);
        Assert.True(new FileInfo(compiled).Length > 1000);
    }

    [Fact]
    public void The_page_about_security_names_everything_that_a_program_is_attached_to()
    {
        string page = File.ReadAllText(Path.Combine(Paths.Repository, "docs", "security.md"));
        string[] programs = Directory.GetFiles(Path.Combine(Paths.Repository, "bpf"), "*.bpf.c");
        string[] hooks = [.. programs.SelectMany(file => Hook().Matches(File.ReadAllText(file))).Select(match => match.Groups[1].Value).Distinct()];
        Assert.NotEmpty(hooks);
        foreach (string hook in hooks)
            Assert.Contains($"`{hook}`", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Its_heading_says_the_version_the_command_and_the_constants()
    {
        string text = ExitProgramSource.GetText(
            new()
            {
                Ids = [181, 182],
                IncludeChildren = true,
                Failed = true,
                PerThread = true,
                Users = [1000],
                Signals = [Signal.HUP, Signal.RTMAX],
                ParentIds = [7],
                MinimumAge = TimeSpan.FromSeconds(1.5),
                Basic = true,
            },
            "Watch-ProcessExit -Id 181,182");
        string heading = text[..text.IndexOf("*/", StringComparison.Ordinal)];
        foreach (string expected in new[]
        {
            "ExitSnoop 1.", "Watch-ProcessExit -Id 181,182", "config.by_id = 1", "181, 182", "config.include_children = 1", "config.failed = 1",
            "config.per_thread = 1", "config.by_user = 1", "1000", "config.signals = 0x8000000000000001", "config.by_parent = 1", "config.minimum_age = 1500000000",
        })
            Assert.Contains(expected, heading, StringComparison.Ordinal);
        Assert.DoesNotContain("config.detail", heading, StringComparison.Ordinal);
        Assert.DoesNotContain("config.by_exit_code", heading, StringComparison.Ordinal);
    }

    [Fact]
    public void It_has_its_own_headers_in_it()
    {
        string text = ExitProgramSource.GetText(new(), "");
        Assert.DoesNotContain("#include \"", text, StringComparison.Ordinal);
        Assert.Equal(2, text.Split("struct exit_record {").Length);
        Assert.Contains("SEC(\"tp_btf/sched_process_exit\")", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("*/ int evil; /*")]
    [InlineData("-Label '\n#error\n'")]
    [InlineData("-Cgroup \u001b[31m")]
    public void A_command_cannot_end_the_comment_that_quotes_it(string invocation)
    {
        string text = ExitProgramSource.GetText(new() { Cgroup = "/a*/b\n" }, invocation);
        int end = text.IndexOf("*/", StringComparison.Ordinal);
        string behind = text[(end + 2)..];
        Assert.DoesNotContain("evil", behind, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', text);
        Assert.DoesNotContain("\n#error", text, StringComparison.Ordinal);
    }

    [GeneratedRegex("SEC\\(\"(?:raw_tp|tp_btf|fentry|kprobe\\.multi)/([a-z_]+)\"\\)")]
    private static partial Regex Hook();
}
