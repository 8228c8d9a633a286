using System.Text.RegularExpressions;
using ExitSnoop.ModuleTests.Support;
using Xunit;

namespace ExitSnoop.ModuleTests;

/// <summary>
/// The table against what the original printed (tests/golden), row by row. Ids, times and ages are our
/// own; the statuses are those of waitpid, and where the original had another, it is a difference that
/// the README lists.
/// </summary>
public sealed partial class GoldenTableTests
{
    [Theory]
    [InlineData("none-core")]
    [InlineData("x")]
    [InlineData("utc")]
    [InlineData("label-foo")]
    [InlineData("label-empty")]
    [InlineData("per-thread")]
    [InlineData("combined-utc")]
    [InlineData("t")]
    [InlineData("combined")]
    [InlineData("t-tz-kolkata")]
    public void The_header_is_the_original_s(string golden)
    {
        Scenario run = Scenario.Run();
        Assert.Equal(Paths.Golden(golden)[0].TrimEnd(), run.Lines(golden)[0]);
    }

    [Theory]
    [InlineData("none-core", 85)]
    [InlineData("x", 75)]
    [InlineData("utc", 85)]
    [InlineData("label-foo", 85)]
    [InlineData("label-empty", 85)]
    [InlineData("per-thread", 75)]
    [InlineData("combined-utc", 75)]
    [InlineData("t", 85)]
    [InlineData("combined", 70)]
    [InlineData("t-tz-kolkata", 85)]
    public void Each_row_is_the_original_s_but_for_the_listed_differences(string golden, int atLeast)
    {
        Scenario run = Scenario.Run();
        string[] original = Paths.Golden(golden);
        string[] ours = run.Lines(golden);
        Layout layout = new(original[0]);
        ILookup<string, string> rows = ours.Skip(1).ToLookup(layout.Name);
        bool perThread = golden is "per-thread" or "combined";
        bool filtered = golden is "x" or "combined" or "combined-utc";
        int compared = 0;

        foreach (DeathOfScenario process in run.Deaths)
        {
            DeathOfScenario death = process;
            if (perThread && process.Threads.Where(thread => thread.Id == process.Id).ToArray() is [DeathOfScenario.ThreadEnd main])
                death = process with { Status = main.Status };
            // What has control characters broke the original's table: HostileNameTests has those.
            if (death.Name.Any(c => c is < ' ' or > '~') || run.Deaths.Count(other => other.Name == death.Name) > 1)
                continue;
            string[] golds = [.. original.Skip(1).Where(line => line.Length > layout.Status && layout.Name(line) == death.Name)];
            // With threads the process's row is that of its main thread.
            string[] candidates = [.. rows[death.Name].Where(line => layout.Field(line, layout.Id, layout.Parent) == death.Id.Text()
                && layout.Field(line, layout.Thread, layout.Age) == death.Id.Text())];
            if (golds.Length != 1)
                continue;
            if (filtered && death.Status == 0)
            {
                Assert.Empty(candidates);
                continue;
            }
            string row = Assert.Single(candidates);
            Assert.Equal(layout.Fill(golds[0], death, row), row);
            compared++;
        }
        Assert.InRange(compared, atLeast, int.MaxValue);
    }

    [Fact]
    public void Each_death_is_told_once_as_waitpid_told_it()
    {
        Scenario run = Scenario.Run();
        string[] ours = [.. run.Lines("none-core").Skip(1)];
        foreach (DeathOfScenario death in run.Deaths)
        {
            // By its ids, for a name can hold anything and be of any width.
            Regex row = new($@" {death.Id} +{death.ParentId} +{death.Id} +\d+\.\d\d +{Regex.Escape(death.StatusText)}$");
            Assert.True(ours.Count(row.IsMatch) == 1, $"{death} is told {ours.Count(row.IsMatch)} times");
        }
    }

    [Theory]
    [InlineData("x", false)]
    [InlineData("combined-utc", false)]
    [InlineData("none-core", true)]
    public void Failed_leaves_out_the_rows_with_0(string golden, bool has)
    {
        Scenario run = Scenario.Run();
        Assert.Equal(has, run.Lines(golden).Any(line => line.EndsWith(" 0", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_label_too_long_for_its_column_is_cut_and_keeps_a_blank_behind_it()
    {
        Scenario run = Scenario.Run();
        string[] ours = run.Lines("label-long");
        Assert.Equal(Paths.Golden("label-long")[0].TrimEnd(), ours[0]);
        Assert.All(ours.Skip(1), row => Assert.StartsWith("long… ", row, StringComparison.Ordinal));
        Assert.Contains(ours, row => row.StartsWith("long… exit_42          ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_zone_without_a_name_shows_its_offset()
    {
        Scenario run = Scenario.Run();
        string[] ours = run.Lines("zone-without-a-name");
        Assert.Equal("TIME-03      PCOMM            PID     PPID    TID     AGE(s)  EXIT_CODE", ours[0]);
        Assert.All(ours.Skip(1), row => Assert.Matches(@"^\d\d:\d\d:\d\d\.\d\d\d ", row));
    }

    [Fact]
    public void A_zone_that_NET_does_not_know_has_its_name_and_its_time()
    {
        Need.Kernel();
        // .NET takes this TZ for UTC.
        using Victim victim = Victim.Start("exit", "5");
        using Command shell = Pwsh.StartWatch($"Watch-ProcessExit {victim.Id} -Timestamp | Out-String -Stream -Width 200", null, ("TZ", "IST-5:30"));
        victim.Die();
        TimeSpan expected = DateTime.UtcNow.AddHours(5.5).TimeOfDay;
        string[] table = [.. shell.Wait().Lines.Where(line => line.Contains("PCOMM", StringComparison.Ordinal) || line.Contains("code 5", StringComparison.Ordinal))];
        Assert.StartsWith("TIME-IST     PCOMM", table[0], StringComparison.Ordinal);
        Assert.InRange((TimeSpan.Parse(table[1][..12], null) - expected).TotalSeconds, -2, 2);
    }

    [Fact]
    public void Times_differ_by_the_zones_difference()
    {
        Scenario run = Scenario.Run();
        static TimeSpan TimeOf(string[] lines) => TimeSpan.Parse(lines.Single(line => line.Contains(" exit_42 ", StringComparison.Ordinal))[..12]);

        // Each watch takes the wall clock for itself, and microseconds can make a millisecond.
        static void AssertAhead(TimeSpan by, TimeSpan time, TimeSpan utc)
        {
            TimeSpan ahead = time - utc < TimeSpan.Zero ? time - utc + TimeSpan.FromDays(1) : time - utc;
            Assert.InRange((ahead - by).TotalMilliseconds, -5, 5);
        }

        TimeSpan utc = TimeOf(run.Lines("utc"));
        Assert.InRange((TimeOf(run.Lines("t")) - utc).TotalMilliseconds, -5, 5);
        AssertAhead(new TimeSpan(5, 30, 0), TimeOf(run.Lines("t-tz-kolkata")), utc);
        AssertAhead(new TimeSpan(21, 0, 0), TimeOf(run.Lines("zone-without-a-name")), utc);
    }

    /// <summary>Where the columns of a table begin.</summary>
    private sealed partial class Layout
    {
        // What the original printed of these is wrong; the README says so.
        private static readonly string[] WrongInTheOriginal = ["mt_leader1st", "mt_leader_5", "mt_leader_sig", "mt_segv"];

        private readonly int name;

        internal Layout(string header)
        {
            name = header.IndexOf("PCOMM", StringComparison.Ordinal);
            Id = header.IndexOf("PID", StringComparison.Ordinal);
            Parent = header.IndexOf("PPID", StringComparison.Ordinal);
            Thread = header.IndexOf("TID", StringComparison.Ordinal);
            Age = header.IndexOf("AGE", StringComparison.Ordinal);
            Status = header.IndexOf("EXIT_CODE", StringComparison.Ordinal);
        }

        internal int Id { get; }

        internal int Parent { get; }

        internal int Thread { get; }

        internal int Age { get; }

        internal int Status { get; }

        // Blanks at the end of a name cannot be told from those of the column.
        internal string Name(string row) => row.Length < Id ? row : row[name..(Id - 1)].TrimEnd();

        internal string Field(string row, int from, int to) => row.Length < to ? "" : row[from..to].Trim();

        /// <summary>The original's row, with what is this run's own, and with what waitpid said.</summary>
        internal string Fill(string gold, DeathOfScenario death, string ours)
        {
            string status = gold[Status..].TrimEnd();
            if (status != death.StatusText)
                Assert.True(
                    status.EndsWith("(unknown)", StringComparison.Ordinal) || WrongInTheOriginal.Contains(death.Name) || status == death.StatusText + ", core dumped",
                    $"{death.Name}: the original has '{status}', waitpid '{death.StatusText}'");
            char[] row = gold[..Status].ToCharArray();
            void Put(int from, int to, string text) => text.PadRight(to - from).CopyTo(0, row, from, to - from);

            Assert.Matches(AgePattern(), Field(ours, Age, Status));
            Put(Id, Parent, death.Id.Text());
            Put(Parent, Thread, death.ParentId.Text());
            Put(Thread, Age, death.Id.Text());
            Put(Age, Status, Field(ours, Age, Status));
            if (gold[2] == ':')
            {
                Assert.Matches(TimePattern(), ours[..12]);
                ours.CopyTo(0, row, 0, 12);
            }
            return new string(row) + death.StatusText;
        }

        [GeneratedRegex(@"^\d+\.\d\d$")]
        private static partial Regex AgePattern();

        [GeneratedRegex(@"^\d\d:\d\d:\d\d\.\d\d\d$")]
        private static partial Regex TimePattern();
    }
}
