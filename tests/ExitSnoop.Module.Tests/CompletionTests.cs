namespace ExitSnoop.ModuleTests;

/// <summary>The completions of Tab in pwsh, from TabExpansion2, which PSReadLine calls, too.</summary>
public sealed class CompletionTests
{
    // Completing changes nothing in a shell.
    private static readonly Lazy<Shell> Typed = new(() => Shell.Open());

    private static readonly string[] Watching = ["Watch-ProcessExit", "Register-ProcessExitEvent"];

    // The codes of sysexits.h, repeated here because they are tested.
    private static readonly string[] SysExits =
    [
        "EX_USAGE", "EX_DATAERR", "EX_NOINPUT", "EX_NOUSER", "EX_NOHOST", "EX_UNAVAILABLE", "EX_SOFTWARE", "EX_OSERR",
        "EX_OSFILE", "EX_CANTCREAT", "EX_IOERR", "EX_TEMPFAIL", "EX_PROTOCOL", "EX_NOPERM", "EX_CONFIG",
    ];

    [Theory]
    [InlineData("-Id ")]
    [InlineData("-Id 1, ")]
    [InlineData("-p ")]
    [InlineData("")]
    [InlineData("-ParentId ")]
    public void Ids_are_those_of_running_processes_with_name_and_command_line(string parameter)
    {
        using TestFolder folder = new();
        using Victim victim = Victim.StartNamed(folder, "tabbed", "sleep", "60");
        // For a positional argument files are completed, too, so the beginning of the ID is typed.
        string typed = parameter.Length > 0 ? "" : victim.Id.Text()[..2];
        foreach (Offer[] offers in CompleteBoth(parameter + typed))
        {
            Offer offer = Assert.Single(offers, offer => offer.Text == victim.Id.Text());
            Assert.Equal($"{victim.Id} - tabbed", offer.Shown);
            Assert.Equal($"tabbed: {folder.Path("tabbed")} -w sleep 60", offer.ToolTip);
            if (typed.Length == 0)
                Assert.Contains(offers, other => other.Text == Environment.ProcessId.Text());
        }
    }

    [Fact]
    public void A_name_completes_to_the_ids_of_its_processes()
    {
        using TestFolder folder = new();
        using Victim one = Victim.StartNamed(folder, "tabbed-name", "sleep", "60"), two = Victim.StartNamed(folder, "tabbed-name", "sleep", "61");
        foreach (Offer[] offers in CompleteBoth("-Id tabbed-n"))
            Assert.Equal(new[] { one.Id, two.Id }.Order().Select(id => id.Text()), offers.Select(offer => offer.Text));
    }

    [Theory]
    [InlineData("short-one", "short-o", "short-one")]
    // comm is truncated to 15 bytes. The name of the executable is complete.
    [InlineData("a-name-of-more-than-15", "a-name-of-more", "a-name-of-more-than-15")]
    [InlineData("it's a name", "it", "'it''s a name'")]
    [InlineData("a[b", "a[", "'a`[b'")]
    public void Names_are_those_of_running_processes_as_patterns_that_find_them(string name, string typed, string completion)
    {
        using TestFolder folder = new();
        using Victim victim = Victim.StartNamed(folder, name, "sleep", "60");
        foreach (Offer[] offers in CompleteBoth("-Name " + typed))
        {
            Offer offer = Assert.Single(offers, offer => offer.Shown == name);
            Assert.Equal(completion, offer.Text);
            Assert.StartsWith($"{victim.Id}: ", offer.ToolTip, StringComparison.Ordinal);
            Assert.Contains("-w sleep 60", offer.ToolTip, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("-User roo")]
    [InlineData("-User daemon, roo")]
    [InlineData("-User 0")]
    public void Users_are_those_of_the_machine_with_id_and_processes(string line)
    {
        foreach (Offer[] offers in CompleteBoth(line))
            Assert.Matches(@"^user ID 0, (1 process|\d+ processes)", Assert.Single(offers, offer => offer.Text == "root").ToolTip);
    }

    [Theory]
    [InlineData("-Signal SE", "SEGV")]
    [InlineData("-Signal se", "SEGV")]
    [InlineData("-Signal SIGSE", "SIGSEGV")]
    [InlineData("-Signal sigse", "SIGSEGV")]
    [InlineData("-Signal 11", "SEGV")]
    [InlineData("-Signal ABRT, SE", "SEGV")]
    [InlineData("-Signal 'SE", "'SEGV'")]
    [InlineData("-Signal RTMIN+1", "RTMIN+1")]
    public void Signals_complete_by_each_of_their_names(string line, string completion)
    {
        foreach (Offer[] offers in CompleteBoth(line))
            Assert.Matches(completion.Contains("SEGV", StringComparison.Ordinal) ? "^11: accessed memory" : "^35: ", Assert.Single(offers, offer => offer.Text == completion).ToolTip);
    }

    [Fact]
    public void All_signals_that_end_a_process_are_offered_and_no_others()
    {
        foreach (Offer[] offers in CompleteBoth("-Signal "))
        {
            string[] names = [.. offers.Select(offer => offer.Text)];
            // Those whose default is to end it (signal(7)), and of the real-time ones the first and the last.
            Assert.Equal(
                "ABRT ALRM BUS FPE HUP ILL INT KILL PIPE POLL PROF PWR QUIT RTMAX RTMIN SEGV STKFLT SYS TERM TRAP USR1 USR2 VTALRM XCPU XFSZ".Split(' '),
                names.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Exit_codes_have_their_names_for_tooltips()
    {
        foreach (Offer[] offers in CompleteBoth("-ExitCode "))
        {
            for (int code = 64; code <= 78; code++)
                Assert.StartsWith(SysExits[code - 64] + ": ", Assert.Single(offers, offer => offer.Text == code.Text()).ToolTip, StringComparison.Ordinal);
            foreach (int code in (int[])[0, 1, 2, 124, 126, 127, 143, 255])
                Assert.Single(offers, offer => offer.Text == code.Text());
            // KILL itself ended it, or its child.
            Assert.Equal("137 - KILL, or passed on", Assert.Single(offers, offer => offer.Text == "137").Shown);
        }
    }

    [Theory]
    [InlineData("-ExitCode EX_TEMP", "75")]
    [InlineData("-ExitCode ex_temp", "75")]
    [InlineData("-ExitCode 1, 7*5", "75")]
    [InlineData("-ExitCode *not*found", "127")]
    public void Exit_codes_complete_by_name_and_pattern(string line, string completion)
    {
        foreach (Offer[] offers in CompleteBoth(line))
            Assert.Equal([completion], offers.Select(offer => offer.Text));
    }

    [Fact]
    public void Cgroups_complete_step_by_step_as_paths_or_folders()
    {
        using TestCgroup cgroup = TestCgroup.Create();
        foreach (string start in (string[])[cgroup.CgroupPath, cgroup.Folder])
        {
            foreach (Offer[] offers in CompleteBoth($"-Cgroup {start[..^2]}"))
            {
                Offer offer = Assert.Single(offers, offer => offer.Text == start);
                Assert.Equal($"{cgroup.Folder}: 0 processes, not counting those of its children", offer.ToolTip);
            }
        }
    }

    [Fact]
    public void Services_and_containers_that_run_now_complete_by_their_beginning()
    {
        const string id = "3f2a5b6c7d8e9f00112233445566778899aabbccddeeff00112233445566aacc";
        using TestCgroup service = TestCgroup.Create("/exitsnoop-tab.service"), container = TestCgroup.Create($"/docker-{id}.scope");
        using Victim inService = service.StartVictim("exit", "0"), inContainer = container.StartVictim("exit", "0");
        foreach ((string line, string completion) in (ReadOnlySpan<(string, string)>)[("-Service exitsnoop-t", "exitsnoop-tab.service"), ("-ContainerId 3f2a5b6c7d8e9f00112233445566778899aabbccddeeff00112233445566aac", id)])
            foreach (Offer[] offers in CompleteBoth(line))
                Assert.Equal(completion, Assert.Single(offers).Text);
        inService.Die();
        inContainer.Die();
    }

    [Fact]
    public void Labels_are_the_original_s_and_the_machine()
    {
        foreach (Offer[] offers in CompleteBoth("-Label "))
            Assert.Equal(new[] { "exit", Environment.MachineName }.Order(), offers.Select(offer => offer.Shown).Order());
    }

    [Theory]
    [InlineData("Watch-ProcessExit | Where-Object Si", "Signal", "SignalCode")]
    [InlineData("Watch-ProcessExit -Failed | Select-Object Exit", "ExitCode", "ExitTime")]
    [InlineData("Watch-ProcessExit | Select-Object Name, Sender", "SenderId", "SenderName", "SenderUserId")]
    [InlineData("Watch-ProcessExit 1 -Failed | ForEach-Object Stat", "Status")]
    [InlineData("Watch-ProcessExit | Sort-Object Ag", "Age")]
    [InlineData("Watch-ProcessExit | Group-Object Process", "ProcessName")]
    [InlineData("Watch-ProcessExit | Format-Table Cgr", "CgroupPath")]
    [InlineData("Watch-ProcessExit | Measure-Object Peak", "PeakWorkingSet64")]
    [InlineData("exitsnoop -x | ForEach-Object { $_.Oom", "OomKilled")]
    [InlineData("Watch-ProcessExit | Where-Object { $_.Signal -eq 'KILL' } | Select-Object User", "UserId", "UserName", "UserProcessorTime")]
    [InlineData("Get-ProcessExitEventDefinition | Where-Object Ker", "Kernels")]
    public void Property_names_complete_after_the_pipe(string line, params string[] expected)
    {
        string[] offered = [.. Complete(line).Single().Select(offer => offer.Shown)];
        Assert.Equal(expected.Order(), offered.Order());
    }

    [Fact]
    public void Every_property_is_offered_by_Select_Object()
    {
        string[] offered = [.. Complete("Watch-ProcessExit | Select-Object ").Single().Select(offer => offer.Shown)];
        foreach (System.Reflection.PropertyInfo property in typeof(ExitEvent).GetProperties())
            Assert.Contains(property.Name, offered);
    }

    [Theory]
    [InlineData("-Fail", "Failed")]
    [InlineData("-Par", "ParentId")]
    [InlineData("-Inc", "IncludeChildren")]
    [InlineData("-Min", "MinimumAge")]
    public void Parameters_complete(string typed, string name)
    {
        foreach (Offer[] offers in CompleteBoth(typed))
            Assert.Equal(["-" + name], offers.Select(offer => offer.Text));
    }

    private static Offer[][] CompleteBoth(string rest) => Complete([.. Watching.Select(cmdlet => $"{cmdlet} {rest}")]);

    private static Offer[][] Complete(params string[] lines)
    {
        ShellResult result = Typed.Value.Run("""
            ConvertTo-Json -Depth 3 @(foreach ($line in $lines) {
                , @((TabExpansion2 $line $line.Length).CompletionMatches | ForEach-Object { @{ Text = $_.CompletionText; Shown = $_.ListItemText; ToolTip = $_.ToolTip } })
            })
            """, ("lines", lines));
        Assert.Empty(result.Errors);
        return JsonSerializer.Deserialize<Offer[][]>(Assert.IsType<string>(Assert.Single(result.Output)))!;
    }

    private sealed record Offer(string Text, string Shown, string ToolTip);
}
