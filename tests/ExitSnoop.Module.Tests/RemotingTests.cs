namespace ExitSnoop.ModuleTests;

/// <summary>Watching other machines over SSH. They are this machine under other names.</summary>
public sealed partial class RemotingTests(RemotingTests.Machines machines) : IClassFixture<RemotingTests.Machines>
{
    // The views of an event, as script blocks.
    private const string All = "{ $_ }, { $_ | Format-Table -View Why }, { $_ | Format-Table -View Resources }, { $_ | Format-List }";

    [Fact]
    public void Events_of_another_machine_arrive_while_its_watch_goes_on_and_are_shown_as_there()
    {
        SshServer server = machines.Server;
        using Victim first = Victim.Start("exit", "3"), second = Victim.Start("null-deref");
        using Command shell = Start(server, $$"""
            Invoke-Command -HostName localhost -HideComputerName {
                Watch-ProcessExit {{first.Id}}, {{second.Id}} -Utc -Verbose -OutVariable exits
                'the watch is over'
                {{All}} | ForEach-Object { $exits[1] | ForEach-Object $_ | Out-String -Width 200 }
            } -OutVariable all | ForEach-Object { if ($all.Count -lt 4) { "$($_.PSComputerName) tells: $_ $($_.Id) $($_.ExitCode)" } }
            $arrived, $shownThere = $all[1], $all[3..6]
            $arrived.PSTypeNames -like '*.ExitEvent'
            $shown = {{All}} | ForEach-Object { $arrived | ForEach-Object $_ | Out-String -Width 200 }
            $shown
            foreach ($i in 0..3) { "as there: $($shown[$i] -eq $shownThere[$i])" }
            """);
        WaitUntilAttached(shell);
        first.Die();
        shell.WaitForOutput($" {first.Id} 3\n");
        Assert.DoesNotContain("the watch is over", shell.Output, StringComparison.Ordinal);
        Assert.False(shell.HasExited);

        second.Die();
        CommandResult result = shell.Wait();
        Assert.Equal(("", 0), (result.Error, result.ExitCode));
        string[] told = [.. Told(result)];
        Assert.Equal($"localhost tells: victim ({first.Id}): code 3 {first.Id} 3", told[0]);
        Assert.Matches($@"^localhost tells: victim \({second.Id}\): signal 11 \(SEGV\).* {second.Id} 139$", told[1]);
        Assert.Equal(["localhost tells: the watch is over  "], told[2..]);

        Assert.Contains("TIME-UTC     PCOMM            PID     PPID    TID     AGE(s)  EXIT_CODE", result.Lines.Select(line => line.TrimEnd()));
        Assert.Contains(result.Lines, line => line.Contains("segfault (MAPE", StringComparison.Ordinal));
        Assert.Contains(result.Lines, line => line.StartsWith("-- Why --", StringComparison.Ordinal));
        Assert.Contains("Deserialized.ExitSnoop.ExitEvent", result.Lines);
        Assert.Equal(["as there: True", "as there: True", "as there: True", "as there: True"], result.Lines.Where(line => line.StartsWith("as there", StringComparison.Ordinal)));
    }

    [Fact]
    public void Several_machines_are_watched_at_once_and_the_table_tells_which_it_was()
    {
        SshServer server = machines.Server;
        using Victim victim = Victim.Start("exit", "5");
        using Command shell = Start(server, $$"""
            Invoke-Command -HostName 127.0.0.1, root@db1 { Watch-ProcessExit {{victim.Id}} -Verbose } -OutVariable all
            $all | ForEach-Object { "$($_.PSComputerName) tells: $($_.Status)" }
            """);
        WaitUntilAttached(shell, machines: 2);
        victim.Die();
        CommandResult result = shell.Wait();
        Assert.Equal("", result.Error);
        Assert.Equal(["127.0.0.1 tells: code 5", "db1 tells: code 5"], Told(result).Order());
        Assert.Contains(result.Lines, line => Regex.IsMatch(line, @"^PCOMM            PID     PPID    TID     AGE\(s\)  EXIT_CODE +PSComputerName$"));
        Assert.Contains(result.Lines, line => Regex.IsMatch(line, $@"^victim           {victim.Id,-7} .* code 5 +db1$"));
    }

    [Fact]
    public void To_kill_the_command_here_ends_the_watch_there()
    {
        SshServer server = machines.Server;
        using Command shell = Start(server, "Invoke-Command -HostName localhost { \"pid=$PID\"; Watch-ProcessExit -User 64099 -Verbose }");
        WaitUntilAttached(shell);
        int there = IdThere(shell);
        HashSet<int> programs = BpfPrograms.Of(there);
        shell.Signal(Command.SigKill);

        BpfPrograms.AssertGone(programs);
        shell.Wait();
        Eventually.True(() => !Directory.Exists($"/proc/{there}"), "The PowerShell on the other side has not ended.");
    }

    [Fact]
    public void Ctrl_C_on_a_terminal_ends_the_watch_there_and_not_the_shell_here()
    {
        SshServer server = machines.Server;
        string variables = string.Concat(server.Variables.Select(variable => $"$env:{variable.Name} = '{variable.Value}'; "));
        using TerminalShell shell = new($"{variables} Invoke-Command -HostName localhost {{ \"there=$PID\"; Watch-ProcessExit -User 64099 -Verbose }}", stay: true);
        shell.WaitForOutput("attached by");
        HashSet<int> programs = BpfPrograms.Of(int.Parse(There().Match(shell.Output).Groups[1].ValueSpan, CultureInfo.InvariantCulture));
        shell.Type(TerminalShell.ControlC);
        BpfPrograms.AssertGone(programs);
        shell.WaitForOutput("PS ");
        shell.Type("'still ' + 'here'\r");
        shell.WaitForOutput("still here");
        shell.Type("exit\r");
        shell.Wait();
    }

    [Theory]
    [InlineData("$job = Invoke-Command -HostName localhost { WATCH } -AsJob", "Stop-Job $job")]
    [InlineData("$session = New-PSSession -HostName localhost; $job = Invoke-Command $session { WATCH } -AsJob", "Remove-PSSession $session")]
    public void A_watch_in_the_background_is_ended_from_here(string start, string end)
    {
        SshServer server = machines.Server;
        using Victim victim = Victim.Start("exit", "6"), alive = Victim.Start("sleep", "60");
        string watch = $"\"pid=$PID\"; Watch-ProcessExit {victim.Id}, {alive.Id} -Verbose";
        using Command shell = Start(server, $$"""
            {{start.Replace("WATCH", watch, StringComparison.Ordinal)}}
            while ($all.Count -lt 2) { Receive-Job $job -OutVariable +all }
            {{end}}
            'over'
            [Console]::ReadLine()
            """);
        WaitUntilAttached(shell);
        HashSet<int> programs = BpfPrograms.Of(IdThere(shell));
        victim.Die();
        shell.WaitForOutput("code 6");
        shell.WaitForOutput("over");
        BpfPrograms.AssertGone(programs);
        shell.Write("\n");
        Assert.Equal("", shell.Wait().Error);
    }

    [Fact]
    public void Registrations_on_several_machines_fill_one_queue()
    {
        SshServer server = machines.Server;
        using Victim victim = Victim.Start("null-deref");
        using Command shell = Start(server, $$"""
            $fleet = New-PSSession -HostName web1, web2
            Invoke-Command $fleet { Register-ProcessExitEvent {{victim.Id}} -SourceIdentifier Fleet -Forward -Verbose }
            'registered'
            while (@(Get-Event -SourceIdentifier Fleet -ErrorAction Ignore).Count -lt 2) { Start-Sleep -Milliseconds 20 }
            Get-Event -SourceIdentifier Fleet | ForEach-Object {
                "$($_.ComputerName) tells: $($_.SourceArgs[1].Id) $($_.SourceArgs[1].Signal -eq 'SEGV') $($_.Sender.LostCount)"
            }
            (Get-Event)[0].SourceArgs[1]
            "left there: $(@(Invoke-Command $fleet { Get-EventSubscriber }).Count)"
            """);
        shell.WaitForOutput("registered");
        victim.Die();
        CommandResult result = shell.Wait();
        Assert.Equal("", result.Error);
        Assert.Equal([$"web1 tells: {victim.Id} True 0", $"web2 tells: {victim.Id} True 0"], Told(result).Order());
        Assert.Contains("PCOMM            PID     PPID    TID     AGE(s)  EXIT_CODE", result.Lines.Select(line => line.TrimEnd()));
        Assert.Contains("left there: 0", result.Lines);
    }

    // What README and about_ExitSnoop say to watch a fleet by, as it stands there. That several machines are watched at once
    // is tested above: here the first of them is.
    [Fact]
    public void Every_documented_command_watches_a_fleet()
    {
        SshServer server = machines.Server;
        (string Machine, Command Shell)[] shells = [.. Commands("Invoke-Command -HostName").Concat(Commands("New-PSSession -HostName")).Select(command =>
        {
            string first = HostName().Match(command).Groups[1].Value;
            command = HostName().Replace(command, $"-HostName {first}");
            if (command.Split('\n').FirstOrDefault(line => line.StartsWith("Wait-Event", StringComparison.Ordinal)) is { } wait)
                command = command.Replace(wait, $"while ($true) {{ {wait}; Get-Event | ForEach-Object {{ $_.ComputerName; Remove-Event -EventIdentifier $_.EventIdentifier }} }}", StringComparison.Ordinal);
            return (first.Split('@')[^1], Start(server, command));
        })];
        Assert.InRange(shells.Length, 3, 10);
        try
        {
            // Nobody says when it has attached, so there is a death until one is told of.
            foreach ((string machine, Command shell) in shells)
                Eventually.True(
                    () =>
                    {
                        Child.Run(TestProgram.Victim, "exit", "77").Dispose();
                        return shell.Output.Contains("code 77", StringComparison.Ordinal) && shell.Output.Contains(machine, StringComparison.Ordinal);
                    },
                    () => $"{machine} tells nothing: {shell.Output}\n{shell.Error}");
            Assert.All(shells, each => Assert.Equal("", each.Shell.Error));
        }
        finally
        {
            foreach ((_, Command shell) in shells)
                shell.Dispose();
        }
    }

    [Fact]
    public void Machines_read_their_own_recordings_and_say_what_they_call_themselves()
    {
        SshServer server = machines.Server;
        using TestFolder folder = new();
        Recorder.Record(folder.Path("recording"), ["--name", "victim"], () => Child.Run(TestProgram.Victim, "null-deref").Dispose());
        using Command shell = Start(server, $$"""
            Invoke-Command -HostName web1, web2 { Get-ProcessExit '{{folder.Path("recording")}}' -Last 8h -Crashed -WarningAction Ignore } |
                ForEach-Object { "$($_.PSComputerName) tells: $($_.HostName) $($_.Status -replace ',.*')" }
            """);
        CommandResult result = shell.Wait();
        Assert.Equal("", result.Error);
        Assert.Equal(((string[])["web1", "web2"]).Select(machine => $"{machine} tells: {Environment.MachineName} signal 11 (SEGV)"), Told(result).Order());
    }

    private static IEnumerable<string> Commands(string with) =>
        ((string[])["README.md", "docs/en-US/about_ExitSnoop.md"])
            .SelectMany(file => Fence().Matches(File.ReadAllText(Path.Combine(Paths.Repository, file))))
            .Select(block => block.Groups[1].Value)
            .Where(command => command.Contains(with, StringComparison.Ordinal));

    private static Command Start(SshServer server, string script) => Pwsh.Start(script, null, server.Variables);

    // Verbose messages of other machines are shown by the shell here.
    private static void WaitUntilAttached(Command shell, int machines = 1) => Eventually.True(
        () => shell.Output.Split("attached by").Length > machines, () => $"No watch has attached.\n{shell.Output}\n{shell.Error}", TimeSpan.FromSeconds(60));

    private static int IdThere(Command shell) => int.Parse(Id().Match(shell.Output).Groups[1].ValueSpan, CultureInfo.InvariantCulture);

    private static IEnumerable<string> Told(CommandResult result) => result.Lines.Where(line => line.Contains("tells: ", StringComparison.Ordinal));

    [GeneratedRegex(@"there=(\d+)")]
    private static partial Regex There();

    [GeneratedRegex(@"pid=(\d+)")]
    private static partial Regex Id();

    [GeneratedRegex("^```[a-z]*\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"-HostName ([^\s,]+)(?:, [^\s,]+)*")]
    private static partial Regex HostName();

    /// <summary>One server for all of them; tests are skipped where there can be none.</summary>
    public sealed class Machines : IDisposable
    {
        private readonly Lazy<SshServer> server = new(SshServer.Open);

        internal SshServer Server => server.Value;

        /// <inheritdoc/>
        public void Dispose()
        {
            if (server.IsValueCreated)
                server.Value.Dispose();
        }
    }
}
