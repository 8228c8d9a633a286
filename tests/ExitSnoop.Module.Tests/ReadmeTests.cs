using System.Text.RegularExpressions;
using ExitSnoop.ModuleTests.Engine;
using Xunit;

namespace ExitSnoop.ModuleTests;

/// <summary>
/// The one-liners of the README, each run as it stands there while such processes die as it asks for. Only
/// times are shorter, and other machines are this one.
/// </summary>
public sealed partial class ReadmeTests
{
    private const string Heading = "## One-liners";

    public static TheoryData<string> OneLiners
    {
        get
        {
            TheoryData<string> blocks = [];
            string readme = File.ReadAllText(Path.Combine(Paths.Repository, "README.md"));
            int start = readme.IndexOf(Heading, StringComparison.Ordinal);
            int end = readme.IndexOf("\n## ", start + Heading.Length, StringComparison.Ordinal);
            foreach (Match block in Fence().Matches(readme[start..end]))
                blocks.Add(block.Groups[1].Value.Trim());
            return blocks;
        }
    }

    [Fact]
    public void There_are_ten_one_liners() => Assert.InRange(OneLiners.Count, 10, int.MaxValue);

    [Theory]
    [MemberData(nameof(OneLiners))]
    public void A_one_liner_does_what_it_says(string script)
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using Stage stage = new();
        script = Seconds().Replace(script, "-Timeout 3");
        // Remoting has a test of its own, with a server; and this host shows nothing that is written to it.
        string before = $$"""
            Set-Location '{{stage.Folder}}'
            function global:Invoke-Command($HostName, $ScriptBlock) { & $ScriptBlock }
            function global:Write-Host($Object) { Add-Content '{{stage.Folder}}/host.txt' $Object }

            """;
        string[] files = Directory.GetFiles(stage.Folder);

        using RunningScript running = shell.StartWatch(before + script);
        stage.Begin();
        string[] Written() => [.. Directory.GetFiles(stage.Folder).Except(files)];
        bool subscribes = script.StartsWith("Register-", StringComparison.Ordinal);
        Eventually.True(() => !running.IsRunning || (!subscribes && running.Now.Output.Count > 0), () => $"Nothing has come out.\n{running.Now}");
        running.BeginStop();
        ShellResult result = running.Wait();
        Assert.Empty(result.Errors);
        Assert.Null(result.Terminating);
        if (subscribes)
            Assert.Empty(shell.Run($$"""
                for ($i = 0; $i -lt 100 -and -not (Test-Path '{{stage.Folder}}/host.txt'); $i++) { Start-Sleep -Milliseconds 100 }
                Get-EventSubscriber | Unregister-Event
                """).Errors);

        if (subscribes || result.Output.Count == 0)
        {
            string[] lines = File.ReadAllLines(Assert.Single(Written()));
            Assert.InRange(lines.Length, subscribes ? 1 : 2, int.MaxValue);
        }
    }

    [GeneratedRegex("^```powershell\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Fence();

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
            folder.Write("Makefile", "all:\n\t@sleep 2\n\t@sh -c 'exit 0'\n");
        }

        internal string Folder => folder.FullName;

        internal void Begin()
        {
            backup.Die();
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
