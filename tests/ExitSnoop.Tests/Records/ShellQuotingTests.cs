using FsCheck.Fluent;
using FsCheck;

namespace ExitSnoop.Tests.Records;

/// <summary>A shell that reads a quoted command line gets the original arguments.</summary>
public sealed class ShellQuotingTests
{
    /// <summary>Words with characters that are special to a shell. There is no NUL, because a NUL ends an argument.</summary>
    private static Gen<string[]> Lists { get; } = Gen.Frequency(
            (4, Gen.Elements("'", "\"", "\\", "$", "`", "!", "*", "?", "[", "]", "{", "}", "(", ")", "<", ">", "|", "&", ";", "#", "~", "=", "^", "%")),
            (2, Gen.Elements(" ", "\t", "\n", "\r", "\u001b", "\u007f", "$(id)", "`id`", "''", "'\\''", "-n", "--", "\ufffd", "\u202e", "é", "🐝")),
            (3, Gen.Choose('a', 'z').Select(code => ((char)code).ToString())))
        .ArrayOf().Select(string.Concat).NonEmptyListOf().Select(list => list.ToArray());

    [Theory]
    [InlineData("ls", "ls")]
    [InlineData("a b", "'a b'")]
    [InlineData("", "''")]
    [InlineData("it's", "'it'\\''s'")]
    [InlineData("/usr/bin/x-1.2_3@%+=:,", "/usr/bin/x-1.2_3@%+=:,")]
    [InlineData("$HOME", "'$HOME'")]
    [InlineData("a\nb", "'a\nb'")]
    public void Only_what_needs_it_is_quoted(string argument, string quoted) => Assert.Equal(quoted, ShellQuoting.Join([argument]));

    [Fact]
    public void A_shell_reads_back_the_very_arguments()
    {
        IReadOnlyList<string[]> lists = [.. Gen.Sample(Lists, 400, 20)];
        // One shell for all: each list ends with an argument of its own.
        string script = string.Join('\n', lists.Select(list => $"printf '%s\\0' {ShellQuoting.Join([.. list, "end of list"])}"));
        using TestFolder folder = new();
        string file = Path.Join(folder.FullName, "script");
        File.WriteAllText(file, script);
        using Child shell = Child.Start("sh", file);
        string output = shell.Output.ReadToEnd();
        Assert.Equal(0, shell.Wait().Status);
        Assert.Equal(string.Concat(lists.SelectMany(list => list.Append("end of list")).Select(argument => argument + "\0")), output);
    }
}
