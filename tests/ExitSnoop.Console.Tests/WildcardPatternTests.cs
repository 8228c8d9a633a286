namespace ExitSnoop.Cli.Tests;

public sealed class WildcardPatternTests
{
    [Theory]
    [InlineData("sh", "sh", true)]
    [InlineData("sh", "bash", false)]
    [InlineData("sh", "SH", false)]
    [InlineData("*sh", "bash", true)]
    [InlineData("ba*", "bash", true)]
    [InlineData("*", "", true)]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData("?", "", false)]
    [InlineData("b?sh", "bash", true)]
    [InlineData("*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaac", false)]
    [InlineData("*a*b", "xaxxbxb", true)]
    [InlineData("[ab]*", "bash", true)]
    [InlineData("[!ab]*", "bash", false)]
    [InlineData("[^ab]*", "zsh", true)]
    [InlineData("kworker/[0-9]:*", "kworker/3:1H", true)]
    [InlineData("kworker/[0-9]:*", "kworker/u:1H", false)]
    [InlineData("[]x]", "]", true)]
    [InlineData("[a-]", "-", true)]
    [InlineData("[kthr", "[kthr", true)]
    [InlineData("\\*", "*", true)]
    [InlineData("\\*", "a", false)]
    [InlineData("a\\", "a\\", true)]
    [InlineData("[", "[", true)]
    [InlineData("[!", "[!", true)]
    public void Names_match_as_in_the_shell(string pattern, string name, bool match) =>
        Assert.Equal(match, new WildcardPattern(pattern, ignoreCase: false).IsMatch(name));

    [Theory]
    [InlineData("NGINX", "nginx")]
    [InlineData("ng*", "NGINX")]
    [InlineData("[A-Z]ginx", "nginx")]
    public void Case_does_not_matter_where_it_is_ignored(string pattern, string name) =>
        Assert.True(new WildcardPattern(pattern, ignoreCase: true).IsMatch(name));
}
