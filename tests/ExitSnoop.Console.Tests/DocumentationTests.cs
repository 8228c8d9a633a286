using System.Reflection;

namespace ExitSnoop.Cli.Tests;

public sealed class DocumentationTests
{
    // The original hides these from its help as well.
    private static readonly string[] Hidden = ["--ebpf", "--timespec"];

    private static string CompletionMaker => Path.Combine(Paths.Repository, "tools", "package", "completion.awk");

    [Fact]
    public void Help_names_every_option_and_every_example_parses()
    {
        foreach (CommandLineOption option in CommandLineOption.All.Where(option => !Hidden.Contains(option.Long)))
            Assert.Contains("  " + (option.Short == '\0' ? option.Long : $"-{option.Short}"), UsageText.Help, StringComparison.Ordinal);
        foreach (string line in UsageText.Help.Split('\n').Where(line => line.StartsWith("    exitsnoop", StringComparison.Ordinal)))
            CommandLineParser.Parse(line.Split('#')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries).AsSpan(1));
    }

    [Fact]
    public void The_man_page_names_every_option_and_every_property()
    {
        string page = Read("exitsnoop.8").Replace("\\-", "-", StringComparison.Ordinal);
        foreach (CommandLineOption option in CommandLineOption.All)
            Assert.Contains(option.Long, page, StringComparison.Ordinal);
        foreach (PropertyInfo property in typeof(ExitEvent).GetProperties(BindingFlags.Public | BindingFlags.Instance))
            Assert.Contains(property.Name, page, StringComparison.Ordinal);
        foreach (FieldInfo status in typeof(ExitStatus).GetFields(BindingFlags.NonPublic | BindingFlags.Static))
            Assert.Contains($"\n.B {((int)status.GetRawConstantValue()!).ToString(CultureInfo.InvariantCulture)}\n", page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_man_page_is_formatted_without_a_warning()
    {
        (int status, string output, string errors) = Command.Run(
            Need.Program("man"), ["--warnings", "-l", "-P", "cat", Find("exitsnoop.8")],
            environment: new Dictionary<string, string?> { ["MANWIDTH"] = "80", ["LC_ALL"] = "C.UTF-8" });
        Assert.Equal((0, ""), (status, errors.Trim()));
        Assert.Contains("EXITSNOOP(8)", output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_completion_offers_every_option_and_their_values()
    {
        string offered = " " + Complete("exitsnoop", "-") + " ";
        foreach (CommandLineOption option in CommandLineOption.All.Where(option => !Hidden.Contains(option.Long)))
            Assert.Contains($" {option.Long} ", offered, StringComparison.Ordinal);
        Assert.Equal("SEGV", Complete("exitsnoop", "--signal", "SE"));
        Assert.Equal("SEGV", Complete("exitsnoop", "--signal", "=", "SE"));
        Assert.Contains($" {Environment.ProcessId} ", $" {Complete("exitsnoop", "-p", "")} ", StringComparison.Ordinal);
        Assert.Contains("root", Complete("exitsnoop", "--user", "ro"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("zsh")]
    [InlineData("fish")]
    public void The_completions_of_other_shells_offer_every_option(string shell)
    {
        (int status, string output, string errors) = Command.Run(
            Need.Program("bash"), ["-c", "\"$0\" --help | awk -v shell=\"$2\" -f \"$1\"", ConsoleProgram.File, CompletionMaker, shell]);
        Assert.True(status == 0, errors);
        foreach (CommandLineOption option in CommandLineOption.All.Where(option => !Hidden.Contains(option.Long)))
            Assert.Contains(shell == "fish" ? $" -l {option.Long[2..]} " : option.Long, output, StringComparison.Ordinal);
    }

    private static string Complete(params string[] words)
    {
        (int status, string output, string errors) = Command.Run(
            Need.Program("bash"),
            ["-c", "source <(\"$0\" --help | awk -v shell=bash -f \"$1\"); shift; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _exitsnoop; echo \"${COMPREPLY[*]}\"", ConsoleProgram.File, CompletionMaker, .. words]);
        Assert.True(status == 0, errors);
        return output.Trim();
    }

    private static string Read(string file) => File.ReadAllText(Find(file));

    private static string Find(string file) => Path.Combine(Paths.Repository, "docs", "man", file);
}
