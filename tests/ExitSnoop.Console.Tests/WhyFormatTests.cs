namespace ExitSnoop.Cli.Tests;

public sealed class WhyFormatTests
{
    private static readonly DateTime Time = new(2026, 11, 22, 8, 12, 1, 688, DateTimeKind.Utc);

    [Fact]
    public void It_shows_what_died_and_who_killed_it()
    {
        ExitEvent exit = new EventMaker
        {
            ExitTime = Time,
            WaitStatus = 15,
            Sender = (9, "timeout", 0),
            SignalCode = 0,
            Arguments = ["sleep", "a b"],
        }.Make();
        Assert.Equal(
            "TIME-UTC     PCOMM            PID     USER       EXIT_CODE        REASON                   COMMAND\n"
            + "08:12:01.688 sh               100     root       signal 15 (TERM) killed by timeout (9)    sleep 'a b'\n",
            Rendering.Header(Make) + Rendering.Row(Make, exit));
    }

    [Fact]
    public void What_is_not_known_is_a_dash()
    {
        ExitEvent exit = new EventMaker { ExitTime = Time, User = 4_000_000_000 }.Make();
        Assert.Equal("08:12:01.688 sh               100     4000000000 0                -                        -\n", Rendering.Row(Make, exit));
    }

    [Fact]
    public void A_hostile_command_stays_on_its_line()
    {
        ExitEvent exit = new EventMaker { ExitTime = Time, Arguments = ["a", "\u001b[2J\n\u202e"] }.Make();
        string row = Rendering.Row(Make, exit);
        Assert.Equal(row.Length - 1, row.IndexOf('\n', StringComparison.Ordinal));
        Assert.DoesNotContain(row[..^1], char.IsControl);
        Assert.DoesNotContain('\u202e', row);
    }

    [Fact]
    public void A_command_that_was_cut_says_so() =>
        Assert.EndsWith(
            " sleep 1...\n",
            Rendering.Row(Make, new EventMaker { Arguments = ["sleep", "1"], ArgumentsCut = true }.Make()).Replace(" ''", "", StringComparison.Ordinal),
            StringComparison.Ordinal);

    private static WhyFormat Make(OutputBuffer output) => new(output, utc: true, null);
}
