namespace ExitSnoop.Cli.Tests;

public sealed class AbbreviationTests
{
    private static readonly string[] Original =
        ["--help", "--timestamp", "--utc", "--pid", "--label", "--failed", "--per-thread", "--ebpf", "--timespec"];

    /// <summary>Each abbreviation of an option that the original accepts, and its meaning.</summary>
    public static TheoryData<string, string> OriginalAbbreviations()
    {
        TheoryData<string, string> data = [];
        foreach (string option in Original)
        {
            for (int length = 3; length <= option.Length; length++)
            {
                string shortened = option[..length];
                if (Original.Count(other => other.StartsWith(shortened, StringComparison.Ordinal)) == 1)
                    data.Add(shortened, option);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(OriginalAbbreviations))]
    public void No_new_option_takes_an_abbreviation_from_the_original(string shortened, string option)
    {
        CommandLineOption meant = CommandLineOption.All.Single(one => one.Long == option);
        string value = meant.TakesValue ? "=1" : "";
        Assert.Equal(meant.Id + value, ArgparseFormsTests.Read([shortened + value]));
    }

    [Theory]
    [InlineData("--t", "--timestamp, --timespec")]
    [InlineData("--time", "--timestamp, --timespec")]
    [InlineData("--p", "--pid, --per-thread")]
    public void What_was_ambiguous_in_the_original_stays_so(string shortened, string matches) =>
        Assert.Equal($"!ambiguous option: {shortened} could match {matches}", ArgparseFormsTests.Read([shortened]));

    [Fact]
    public void Every_new_option_can_be_written_in_full()
    {
        foreach (CommandLineOption option in CommandLineOption.All)
        {
            string value = option.TakesValue ? "=1" : "";
            Assert.Equal(option.Id + value, ArgparseFormsTests.Read([option.Long + value]));
        }
    }

    [Theory]
    [InlineData("--timeo=1", "TimeLimit=1")]
    [InlineData("--exi=1", "ExitCode=1")]
    [InlineData("--j", "Json")]
    [InlineData("--why", "Why")]
    [InlineData("--vers", "Version")]
    [InlineData("--us=root", "User=root")]
    [InlineData("--b", "!ambiguous option: --b could match --before, --basic, --buffer-size, --btf-path")]
    public void New_options_can_be_shortened_where_the_original_leaves_room(string shortened, string meaning) =>
        Assert.Equal(meaning, ArgparseFormsTests.Read([shortened]));

    [Fact]
    public void The_table_of_options_knows_which_are_the_originals() =>
        Assert.Equal(Original.Order(), CommandLineOption.All.Where(option => option.IsOriginal).Select(option => option.Long).Order());
}
