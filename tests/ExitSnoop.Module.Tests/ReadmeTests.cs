namespace ExitSnoop.ModuleTests;

/// <summary>
/// The commands and one-liners of the README. Each is run unchanged while matching processes exit. Only
/// times are shorter, and the recording of last night is one of a moment ago.
/// </summary>
public sealed partial class ReadmeTests
{
    private const string Commands = "## Three commands", Heading = "## One-liners";

    /// <summary>The expected output, by the sentence before the command.</summary>
    private static readonly Dictionary<string, string> Promises = new()
    {
        ["what fails, as it happens"] = @"^PCOMM .*EXIT_CODE\n-.*\n(.*\n)*victim +\d+ .* signal 11 \(SEGV\)",
        ["Wait for a process that is not your child, and get its exit status"] = @"^7\n$",
        ["what died last night: it needs a recording, see below"] = @"^TIME +NAME .*COMMAND\n-.*\n.* victim +\d+ +SEGV.* segfault \(MAPERR\) .*victim ",
        ["where programs crash"] = @"^TIME +NAME .*SITE\n-.*\n(.*\n)*.* victim +\d+ +SEGV.* victim!\w+\+0x",
        ["What does the OOM killer kill?"] = @"^TIME +NAME .*COMMAND\n-.*\n.* victim +\d+ +KILL +out of memory .*victim -w memory",
        ["Who keeps killing my workers?"] = @"^Id +: \d+\nStatus +: signal 15 \(TERM\)\nSenderName : \S.*\nSenderId +: {own id}\n",
        ["Which commands fail most in ten minutes?"] = @"^Count Name\n-.*\n(.*\n)* +\d+ victim, 139\n",
        ["A build with all its descendants, and the CPU time of each step"] = @"^TIME +NAME .* CPU\(s\) .*\n-.*\n(.*\n)*.* sleep +\d+ +0 .*\n(.*\n)*.* make +\d+ +0 ",
        ["Which processes of a user exit in the next minute?"] = @"^Name +CommandLine +TotalProcessorTime\n-.*\nworker-7 +\S*worker-7 -w exit 1 +00:00:0",
        ["Act on each segfault while the shell stays usable"] = @"^victim \(\d+\): signal 11 \(SEGV\)(, core dumped)?, core dumped: (True|False)\n",
    };

    public static TheoryData<string, string> OneLiners
    {
        get
        {
            TheoryData<string, string> blocks = [];
            string readme = File.ReadAllText(Path.Combine(Paths.Repository, "README.md"));
            int start = readme.IndexOf(Heading, StringComparison.Ordinal);
            int end = readme.IndexOf("\n## ", start + Heading.Length, StringComparison.Ordinal);
            foreach (Match command in ShownCommand().Matches(readme[readme.IndexOf(Commands, StringComparison.Ordinal)..start]))
                blocks.Add(command.Groups[2].Value, command.Groups[1].Value);
            foreach (Match block in OneLiner().Matches(readme[start..end]))
                blocks.Add(block.Groups[1].Value, block.Groups[2].Value.Trim());
            return blocks;
        }
    }

    [Fact]
    public void Every_promise_is_in_the_README() => Assert.Equal(Promises.Keys.Order(), OneLiners.Select(each => each.Data.Item1).Order());

    [Theory]
    [MemberData(nameof(OneLiners))]
    public void A_one_liner_does_what_it_says(string says, string script)
    {
        Need.Kernel();
        Regex promised = new(
            Promises.GetValueOrDefault(says, "What does it promise?").Replace("{own id}", Environment.ProcessId.Text(), StringComparison.Ordinal), RegexOptions.Multiline);
        // On a machine that is busy elsewhere, three seconds may pass before such a process has died.
        string shown = "";
        foreach (int seconds in (int[])[3, 15, 60])
            if (promised.IsMatch(shown = Run(Seconds().Replace(script, $"-Timeout {seconds}"), promised)))
                return;
        Assert.Fail($"{says} There is no {promised}:\n{shown}");
    }

    // What it has shown and written when it showed what it promises, or ended by itself.
    private static string Run(string script, Regex promised)
    {
        using Shell shell = Shell.Open();
        using Stage stage = new();
        // This host shows nothing that is written to it.
        string before = $$"""
            Set-Location '{{stage.Folder}}'
            function global:Write-Host($Object) { Add-Content '{{stage.Folder}}/written' $Object }
            $PSDefaultParameterValues['Get-ProcessExit:Path'] = '{{stage.Recording}}'

            """;
        string[] files = Directory.GetFiles(stage.Folder);
        string whole = $"{before} . {{ {script} }} | Out-String -Stream -Width 200";
        using RunningScript running = script.StartsWith("Get-ProcessExit ", StringComparison.Ordinal) ? Read() : Watch();
        RunningScript Read()
        {
            stage.Record();
            return shell.Start(whole);
        }
        RunningScript Watch()
        {
            RunningScript watch = shell.StartWatch(whole);
            stage.Begin();
            return watch;
        }
        string Shown() => string.Join('\n', running.Now.Lines.Concat(Directory.GetFiles(stage.Folder).Except(files).SelectMany(File.ReadAllLines))
            .Select(line => line.TrimEnd()).Where(line => line.Length > 0)) + "\n";
        Eventually.True(() => !running.IsRunning && !script.StartsWith("Register-", StringComparison.Ordinal) || promised.IsMatch(Shown()), () => $"There is no {promised}:\n{Shown()}{running.Now}");
        string shown = Shown();
        running.BeginStop();
        ShellResult result = running.Wait();
        shell.Run("Get-EventSubscriber | Unregister-Event");
        Assert.Empty(result.Errors);
        Assert.Null(result.Terminating);
        return shown;
    }

    [GeneratedRegex("^PS> (.+?) +# (.+)$", RegexOptions.Multiline)]
    private static partial Regex ShownCommand();

    [GeneratedRegex("^# ([^\n]+)\n((?:[^#`\n][^\n]*\n)+)", RegexOptions.Multiline)]
    private static partial Regex OneLiner();

    [GeneratedRegex(@"-Timeout \d+")]
    private static partial Regex Seconds();

    /// <summary>A folder and processes such as the one-liners speak of; deaths of all kinds, again and again.</summary>
    private sealed class Stage : IDisposable
    {
        private readonly TestFolder folder = new();
        private readonly TestCgroup service = TestCgroup.Create("/system.slice/nginx.service");
        private readonly TestCgroup small = TestCgroup.Create();
        private readonly CancellationTokenSource over = new();
        private readonly Victim backup;
        private Task deaths = Task.CompletedTask;

        internal Stage()
        {
            small.LimitMemory(24);
            File.Copy(TestProgram.Victim, folder.Path("worker-7"));
            File.Copy(TestProgram.Victim, folder.Path("backup"));
            backup = Victim.StartNamed(folder, "backup", "exit", "7");
            folder.Write("Makefile", "all:\n\t@until [ -e go ]; do sleep 0.02; done\n");
        }

        internal string Folder => folder.FullName;

        internal string Recording => folder.Path("recording");

        /// <summary>Records a crash.</summary>
        internal void Record() => Recorder.Record(Recording, ["--name", "victim"], () => Child.Run(TestProgram.Victim, "null-deref").Dispose());

        internal void Begin()
        {
            backup.Die();
            folder.Write("go", "");
            deaths = Task.Run(Loop);
        }

        public void Dispose()
        {
            over.Cancel();
            deaths.Wait();
            backup.Dispose();
            small.Dispose();
            service.Dispose();
            folder.Dispose();
            over.Dispose();
        }

        private void Loop()
        {
            while (!over.IsCancellationRequested)
            {
                using (Victim crash = Victim.Start("null-deref"))
                    crash.Die();
                using (Victim worker = Victim.StartNamed(folder, "worker-7", "sleep", "60"))
                {
                    worker.Signal(Command.SigTerm);
                    worker.Wait();
                }
                using (Victim part = service.StartVictim("exit", "3"))
                    part.Die();
                // www-data of every Debian; -User is given a name, so it must be there.
                using (Victim cron = Victim.StartProgramAs(33, folder.Path("worker-7"), "exit", "1"))
                    cron.Die();
                using (Victim greedy = small.StartVictim("memory", "96"))
                    greedy.Die();
                over.Token.WaitHandle.WaitOne(200);
            }
        }
    }
}
