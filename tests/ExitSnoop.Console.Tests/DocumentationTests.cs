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

    /// <summary>"[filters]" stands for the options below the help's heading with that word.</summary>
    [Theory]
    [InlineData("--record d")]
    [InlineData("--read f")]
    [InlineData("--read f --follow")]
    public void The_usage_of_a_recording_has_every_option_that_is_taken(string command)
    {
        string mode = command.Split(' ')[0];
        string usage = Assert.Single(UsageText.Usage.Split("exitsnoop "), text => text.StartsWith(mode, StringComparison.Ordinal));
        Dictionary<string, string> headings = [];
        string heading = "";
        foreach (string line in UsageText.Help[UsageText.Usage.Length..].Split('\n'))
        {
            heading = line.EndsWith(':') ? line : heading;
            if (CommandLineOption.All.FirstOrDefault(option => line.Contains(option.Long, StringComparison.Ordinal)) is { Long: { } option } && line.StartsWith("  -", StringComparison.Ordinal))
                headings.TryAdd(option, heading);
        }
        foreach (CommandLineOption option in CommandLineOption.All.Where(option => !Hidden.Contains(option.Long) && option.Id is not (OptionId.Help or OptionId.Version or OptionId.Verbose)))
        {
            if (!IsTaken(option) || headings[option.Long] == "options:")
                continue;
            Assert.True(
                usage.Contains(option.Short == '\0' ? option.Long : $"-{option.Short}", StringComparison.Ordinal)
                    || new[] { "filters", "output", "tracing" }.Any(word => usage.Contains($"[{word}]", StringComparison.Ordinal) && headings[option.Long].Contains(word, StringComparison.Ordinal)),
                $"{option.Long} works with {mode}: {usage}");
        }

        bool IsTaken(CommandLineOption option)
        {
            string value = option.Id switch { OptionId.After or OptionId.Before => "-1h", OptionId.MaxSize => "1G", _ => "1" };
            try
            {
                CommandLine.Read([.. command.Split(' '), option.Long, .. option.TakesValue ? (string[])[value] : []]);
                return true;
            }
            catch (UsageException)
            {
                return false;
            }
        }
    }

    [Fact]
    public void The_default_size_of_the_buffer_is_the_same_in_the_help_and_in_the_man_page()
    {
        const string size = "1 for each processor, rounded up to a power of two, at least 16 and at most 128";
        Assert.Contains(size, string.Join(' ', UsageText.Help.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.Contains(size, Read("exitsnoop.8"), StringComparison.Ordinal);
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
