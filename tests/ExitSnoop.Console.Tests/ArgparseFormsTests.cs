namespace ExitSnoop.Cli.Tests;

/// <summary>The forms that argparse gives the original's command line, as seen with Debian's exitsnoop-bpfcc.</summary>
public sealed class ArgparseFormsTests
{
    [Theory]
    [InlineData("-x", "Failed")]
    [InlineData("-xt", "Failed Timestamp")]
    [InlineData("-tx", "Timestamp Failed")]
    [InlineData("-x -t", "Failed Timestamp")]
    [InlineData("-p181", "Pid=181")]
    [InlineData("-p 181", "Pid=181")]
    [InlineData("-p=181", "Pid=181")]
    [InlineData("-xp181", "Failed Pid=181")]
    [InlineData("-xp 181", "Failed Pid=181")]
    [InlineData("-xp=181", "Failed Pid=181")]
    [InlineData("-x=t", "Failed Timestamp")]
    [InlineData("--pid=181", "Pid=181")]
    [InlineData("--pid 181", "Pid=181")]
    [InlineData("--pi=181", "Pid=181")]
    [InlineData("--label=", "Label=")]
    [InlineData("--label=foo", "Label=foo")]
    [InlineData("--label foo", "Label=foo")]
    [InlineData("--label -", "Label=-")]
    [InlineData("--label -5", "Label=-5")]
    [InlineData("--label -.5", "Label=-.5")]
    [InlineData("--label=-x", "Label=-x")]
    [InlineData("--label a=b", "Label=a=b")]
    [InlineData("--label=a=b", "Label=a=b")]
    [InlineData("-p 1 -p 2", "Pid=1 Pid=2")]
    [InlineData("-n5", "MaxEvents=5")]
    [InlineData("--per-thread --utc", "PerThread Utc")]
    [InlineData("--help", "Help")]
    [InlineData("-xh", "Failed Help")]
    [InlineData("-hq --nonsense", "!argument -h/--help: ignored explicit argument 'q'")]
    [InlineData("-h nonsense", "Help")]
    [InlineData("", "")]
    [InlineData("-x --", "Failed")]
    [InlineData("--label", "!argument --label: expected one argument")]
    [InlineData("--label -x", "!argument --label: expected one argument")]
    [InlineData("--label --utc", "!argument --label: expected one argument")]
    [InlineData("--label --", "!argument --label: expected one argument")]
    [InlineData("-p", "!argument -p/--pid: expected one argument")]
    [InlineData("-p -- 5", "!argument -p/--pid: expected one argument")]
    [InlineData("-xp", "!argument -p/--pid: expected one argument")]
    [InlineData("--utc=3", "!argument --utc: ignored explicit argument '3'")]
    [InlineData("--fa=", "!argument -x/--failed: ignored explicit argument ''")]
    [InlineData("-x=", "!argument -x/--failed: ignored explicit argument ''")]
    [InlineData("-x5", "!argument -x/--failed: ignored explicit argument '5'")]
    [InlineData("-xq", "!argument -x/--failed: ignored explicit argument 'q'")]
    [InlineData("-xt=x", "!argument -t/--timestamp: ignored explicit argument '=x'")]
    [InlineData("foo", "!unrecognized arguments: foo")]
    [InlineData("foo -x bar", "!unrecognized arguments: foo bar")]
    [InlineData("-q", "!unrecognized arguments: -q")]
    [InlineData("-5", "!unrecognized arguments: -5")]
    [InlineData("--nonsense=5", "!unrecognized arguments: --nonsense=5")]
    [InlineData("-- -x", "!unrecognized arguments: -- -x")]
    [InlineData("--p", "!ambiguous option: --p could match --pid, --per-thread")]
    [InlineData("--p=5", "!ambiguous option: --p=5 could match --pid, --per-thread")]
    public void Command_lines_mean_what_argparse_makes_of_them(string line, string meaning) =>
        Assert.Equal(meaning, Read(line.Length == 0 ? [] : line.Split(' ')));

    [Fact]
    public void Words_in_quotes_are_a_value_even_after_a_dash() => Assert.Equal("Label=-a b", Read(["--label", "-a b"]));

    [Fact]
    public void An_empty_word_is_a_value() => Assert.Equal("Label=", Read(["--label", ""]));

    internal static string Read(string[] words)
    {
        try
        {
            return string.Join(' ', CommandLineParser.Parse(words).Select(option => option.Option + (option.Value is null ? "" : "=" + option.Value)));
        }
        catch (UsageException e)
        {
            return "!" + e.Message;
        }
    }
}
