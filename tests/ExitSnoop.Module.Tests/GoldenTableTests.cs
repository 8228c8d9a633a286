namespace ExitSnoop.ModuleTests;

/// <summary>
/// The columns of the table against those that the original printed (tests/golden). Statuses and names of all
/// kinds are compared row by row in the console program's tests, which take them from the library as the module does.
/// </summary>
public sealed partial class GoldenTableTests
{
    [Theory]
    [InlineData("none-core", "")]
    [InlineData("utc", "-Utc")]
    [InlineData("label-foo", "-Label foo")]
    [InlineData("per-thread", "-PerThread")]
    [InlineData("combined-utc", "-Utc -Label '' -x")]
    public void The_header_and_a_row_are_the_original_s(string golden, string parameters)
    {
        using TestFolder folder = new();
        using Victim victim = Start(folder);
        using RunningScript watch = Shell.Shared.StartWatch($"Watch-ProcessExit $id {parameters} | Out-String -Stream -Width 200", ("id", victim.Id));
        victim.Die();
        AssertAsOriginal(golden, victim, watch.Wait().Lines);
    }

    // The zone is that of a shell of its own; in a runspace without a screen, for which the columns would be made narrower.
    // Which zones have which names is tested in the library; .NET takes this one for UTC.
    [Fact]
    public void Times_are_those_of_the_zone_which_the_header_names()
    {
        using TestFolder folder = new();
        using Victim victim = Start(folder);
        using Command shell = Pwsh.StartWatch(
            $"Start-ThreadJob {{ $VerbosePreference = 'Continue'; Import-Module '{Paths.Module}'; Watch-ProcessExit {victim.Id} -t | Out-String -Stream -Width 200 }} | Receive-Job -Wait",
            null, ("TZ", "IST-5:30"));
        DateTime before = DateTime.UtcNow.AddHours(5.5);
        victim.Die();
        TimeSpan death = DateTime.UtcNow.AddHours(5.5) - before;
        string[] lines = [.. shell.Wait().Lines.Where(line => !line.StartsWith("VERBOSE:", StringComparison.Ordinal))];
        AssertAsOriginal("t-tz-kolkata", victim, lines);
        string row = Assert.Single(lines, line => line.Contains(" exit_42 ", StringComparison.Ordinal));
        TimeSpan after = TimeSpan.Parse(row[..12], CultureInfo.InvariantCulture) - before.TimeOfDay, slack = TimeSpan.FromMilliseconds(5);
        Assert.InRange(after < TimeSpan.FromHours(-12) ? after + TimeSpan.FromDays(1) : after, -slack, death + slack);
    }

    [Fact]
    public void A_label_too_long_for_its_column_is_cut_and_keeps_a_blank_behind_it()
    {
        using TestFolder folder = new();
        using Victim victim = Start(folder);
        using RunningScript watch = Shell.Shared.StartWatch("Watch-ProcessExit $id -Label longerlabel | Out-String -Stream -Width 200", ("id", victim.Id));
        victim.Die();
        string[] lines = [.. watch.Wait().Lines];
        Assert.Contains(Paths.Golden("label-long")[0].TrimEnd(), lines.Select(line => line.TrimEnd()));
        Assert.Single(lines, line => line.StartsWith($"long… exit_42          {victim.Id} ", StringComparison.Ordinal));
    }

    /// <summary>The process of the original's runs whose row is compared.</summary>
    private static Victim Start(TestFolder folder)
    {
        Need.Kernel();
        return Victim.StartNamed(folder, "exit_42", "exit", "42");
    }

    private static void AssertAsOriginal(string golden, Victim victim, IEnumerable<string> printed)
    {
        string[] original = Paths.Golden(golden);
        string[] lines = [.. printed.Select(line => line.TrimEnd()).Where(line => line.Length > 0)];
        // Header, rule and one row.
        Assert.Equal((3, original[0].TrimEnd()), (lines.Length, lines[0]));
        Assert.Equal(Mask(original.Single(line => line.Contains("exit_42 ", StringComparison.Ordinal)).TrimEnd()), Mask(lines[2]));
        Assert.Matches($" {victim.Id} +{Environment.ProcessId} +{victim.Id} +", lines[2]);
    }

    // Ids, ages and times are this run's own; the columns that they fill are not.
    private static string Mask(string row) => Number().Replace(row, match => "#".PadRight(match.Length));

    [GeneratedRegex(@"(?<= )\d+(\.\d\d)? +|^\d\d:\d\d:\d\d\.\d{3} ")]
    private static partial Regex Number();
}
