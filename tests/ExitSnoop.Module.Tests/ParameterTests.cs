using System.Diagnostics;

namespace ExitSnoop.ModuleTests;

/// <summary>The other parameters of Watch-ProcessExit, the common parameters, and the rejected values.</summary>
public sealed class ParameterTests
{
    [Fact]
    [Trait("measures", "time")]
    public void Timeout_ends_after_so_long_fractions_included()
    {
        using RunningScript watch = Shell.Shared.StartWatch("Watch-ProcessExit -User 64099 -Timeout 0.4");
        long attached = Stopwatch.GetTimestamp();
        ShellResult result = watch.Wait();

        Assert.InRange(Stopwatch.GetElapsedTime(attached).TotalSeconds, 0.2, 1.5);
        Assert.Empty(result.Output);
        Assert.Empty(result.Errors);
        Assert.Null(result.Terminating);
    }

    [Fact]
    public void Timeout_writes_an_error_for_each_process_still_alive()
    {
        using Victim alive = Victim.Start("sleep", "60"), too = Victim.Start("sleep", "60"), dies = Victim.Start("exit", "1");
        using RunningScript watch = Shell.Shared.StartWatch("Watch-ProcessExit $ids -Timeout 0.7", ("ids", new[] { alive.Id, dies.Id, too.Id }));
        dies.Die();

        ShellResult result = watch.Wait();
        Assert.Equal([dies.Id], result.Events.Select(exit => exit.Id));
        Assert.Equal(new[] { alive.Id, too.Id }.Order(), result.Errors.Select(error => (int)error.Target!).Order());
        Assert.All(result.Errors, error => Assert.Equal(("ProcessNotExited", "OperationTimeout"), (error.ShortId, error.Category)));
        Assert.False(alive.Process.HasExited);
    }

    [Fact]
    public void Timeout_of_nothing_tells_at_once_who_is_alive()
    {
        Need.Kernel();
        using Victim alive = Victim.Start("sleep", "60");
        Assert.Equal("ProcessNotExited", Shell.Shared.Run("Watch-ProcessExit $id -Timeout 0", ("id", alive.Id)).OnlyError.ShortId);
    }

    // The message names the range, or what would do.
    [Theory]
    [InlineData("-MaxEvents 0", "1")]
    [InlineData("-MaxEvents -3", "1")]
    [InlineData("-Timeout -0.5", "0")]
    [InlineData("-Timeout 1e12", "1000000000")]
    [InlineData("-ExitCode 256", "255")]
    [InlineData("-ExitCode 0, -1", "0")]
    [InlineData("-BufferSize 0", "power of two from 1 to 1024")]
    [InlineData("-BufferSize 3", "power of two from 1 to 1024")]
    [InlineData("-BufferSize -16", "power of two from 1 to 1024")]
    [InlineData("-BufferSize 2048", "power of two from 1 to 1024")]
    [InlineData("-Signal 0", "1 (HUP) to 64 (RTMAX)")]
    [InlineData("-Signal 65", "1 (HUP) to 64 (RTMAX)")]
    [InlineData("-Signal SEGV, NOSUCH", "'NOSUCH'")]
    [InlineData("-Signal None", "1 (HUP) to 64 (RTMAX)")]
    [InlineData("-MinimumAge -1", "0 to 1000000000 seconds")]
    [InlineData("-MinimumAge -0:00:01", "0 to 1000000000 seconds")]
    [InlineData("-MinimumAge (New-TimeSpan -Seconds -1)", "0 to 1000000000 seconds")]
    [InlineData("-MinimumAge 1e10", "0 to 1000000000 seconds")]
    [InlineData("-MinimumAge 1e300", "0 to 1000000000 seconds")]
    [InlineData("-MinimumAge nonsense", "nonsense")]
    [InlineData("-Id 0", "greater than or equal to 1")]
    [InlineData("-Id -1", "greater than or equal to 1")]
    [InlineData("-Id 1, 0", "greater than or equal to 1")]
    [InlineData("1, -7", "greater than or equal to 1")]
    [InlineData("-Id ([pscustomobject]@{ Id = 0 })", "greater than or equal to 1")]
    [InlineData("-Id 5000000000", "Int32")]
    [InlineData("-Id nonsense", "nonsense")]
    [InlineData("-Id ([datetime]'2026-01-01')", "DateTime")]
    [InlineData("-Id $null", "null")]
    [InlineData("-Id @()", "empty")]
    [InlineData("-ParentId -1", "greater than or equal to 0")]
    [InlineData("-ParentId @()", "empty")]
    [InlineData("-Name @()", "Name")]
    [InlineData("-Name ''", "empty")]
    [InlineData("-Name '[a'", "'[a'")]
    [InlineData("-User @()", "empty")]
    [InlineData("-User ''", "empty")]
    [InlineData("-ExcludeName ''", "empty")]
    [InlineData("-ExcludeName '[a'", "'[a'")]
    [InlineData("-ExcludeUser ''", "empty")]
    [InlineData("-ExecutablePath ''", "empty")]
    [InlineData("-Cgroup ''", "empty")]
    [InlineData("-BtfPath ''", "empty")]
    [InlineData("-NoSuchParameter", "NoSuchParameter")]
    public void A_bad_parameter_is_a_binding_error_that_says_the_range(string parameter, string range)
    {
        ShellError error = Shell.Shared.Run($"Watch-ProcessExit {parameter}").OnlyError;
        Assert.Contains(error.Category, (string[])["InvalidData", "InvalidArgument"]);
        Assert.Contains("ParameterBinding", Shell.Shared.Run($"try {{ Watch-ProcessExit {parameter} }} catch {{ $_.Exception.GetType().Name }}").Output[0] as string, StringComparison.Ordinal);
        Assert.Contains(range, error.Message, StringComparison.Ordinal);
        // Before anything is loaded, and so by the other cmdlets too.
        if (parameter.Contains("MaxEvents", StringComparison.Ordinal) || parameter.Contains("Timeout", StringComparison.Ordinal))
            return;
        foreach (string cmdlet in (string[])["Register-ProcessExitEvent", "Get-ProcessExitEventDefinition -Source"])
            Assert.Contains(range, Shell.Shared.Run($"{cmdlet} {parameter}").OnlyError.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-Signal KILL -ExitCode 3", "exit code")]
    [InlineData("-Crashed -Signal TERM", "signal")]
    [InlineData("-Crashed -Basic", "basic")]
    [InlineData("-Failed -ExitCode 0", "exit code of 0")]
    [InlineData("-IncludeChildren", "IncludeChildren needs Ids")]
    [InlineData("-Cgroup /no/such/cgroup", "/no/such/cgroup")]
    public void Parameters_that_cannot_hold_together_are_refused(string parameters, string says)
    {
        ShellError error = Shell.Shared.Run($"Watch-ProcessExit {parameters} -Timeout 1").OnlyError;
        Assert.Equal(("InvalidOption", "InvalidArgument"), (error.ShortId, error.Category));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Verbose_says_kernel_attachment_libbpf_and_buffer()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        string verbose = string.Join('\n', shell.Run("Watch-ProcessExit -Timeout 0 -User 64099 -BufferSize 4 -Verbose").Verbose);

        Assert.Matches(@"Linux \d+\.\d+", verbose);
        Assert.Matches(@"attached by (kprobe\.multi|fentry|tp_btf|raw_tp) on (taskstats_exit|sched_process_exit)\b.*, last thread by (group_dead|claimed): (From|Before|This|The) .+\.", verbose);
        Assert.Matches(@"libbpf v1\.\d+ from /\S*libbpf\.so", verbose);
        Assert.Contains("4 MiB", verbose, StringComparison.Ordinal);
        Assert.Empty(shell.Run("Watch-ProcessExit -Timeout 0 -User 64099").Verbose);
    }

    [Fact]
    public void Debug_shows_what_libbpf_says_and_asks_nothing()
    {
        Need.Kernel();
        // In a shell with a user, who would be asked to confirm a verbose message that came by -Debug alone.
        CommandResult result = Pwsh.Run("Watch-ProcessExit -Timeout 0 -User 64099; 'so far nothing'; Watch-ProcessExit -Timeout 0 -User 64099 -Debug; 'the end'");

        Assert.StartsWith("so far nothing", result.Output, StringComparison.Ordinal);
        Assert.Contains("DEBUG: libbpf: ", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Confirm", result.Output, StringComparison.Ordinal);
        Assert.EndsWith("the end", result.Output.Trim(), StringComparison.Ordinal);
        Assert.Equal("", result.Error);
    }

    [Fact]
    public void Common_parameters_keep_what_they_are_for()
    {
        using Victim victim = Victim.Start("exit", "5");
        using RunningScript watch = Shell.Shared.StartWatch("""
            Watch-ProcessExit 4194303, $id -ErrorAction SilentlyContinue -ErrorVariable missing -OutVariable kept -PipelineVariable exit |
                ForEach-Object { $exit.Id }
            $missing[0].TargetObject; $kept[0].ExitCode
            """, ("id", victim.Id));
        victim.Die();

        ShellResult result = watch.Wait();
        Assert.Equal([victim.Id, 4194303, 5], result.Output);
        Assert.Empty(result.Errors);
    }

    [Fact]
    public void What_changes_the_machine_has_WhatIf_and_nothing_else_has()
    {
        Assert.Equal(
            ["Disable-ProcessExitRecording", "Enable-ProcessExitRecording"],
            Shell.Shared.Run("Get-Command -Module ExitSnoop -CommandType Cmdlet | Where-Object { $_.Parameters.ContainsKey('WhatIf') -or $_.Parameters.ContainsKey('Confirm') } | ForEach-Object Name | Sort-Object").Output);
    }

    [Fact]
    public void A_libbpf_of_the_user_s_own_is_taken_and_progress_is_shown_only_where_loading_takes_longer_than_a_second()
    {
        Need.Kernel();
        using TestFolder folder = new();
        // Has nothing of its own but the time that it takes to load: the rest it gets from the real one.
        string library = folder.Path("slow.so"), source = folder.Write("slow.c", "#include <unistd.h>\n__attribute__((constructor)) static void wait(void) { sleep(2); }\n");
        CommandResult built = Command.Run(Need.Program("gcc"), ["-shared", "-fPIC", "-o", library, source, "-Wl,--no-as-needed", "-l:libbpf.so.1"]);
        Assert.True(built.ExitCode == 0, built.ToString());

        // The second watch finds it loaded, and takes less than a second but on a machine that is busy elsewhere.
        CommandResult result = Pwsh.Run(
            $$"""
            foreach ($time in 1, 2) {
                $shell = [powershell]::Create().AddScript("Import-Module '{{Paths.Module}}'; Watch-ProcessExit -Timeout 0 -User 64099 -Basic -Verbose")
                $took = Measure-Command { $null = $shell.Invoke() }
                $shell.Streams.Verbose.Message
                $shell.Streams.Progress | Where-Object { $time -eq 1 -or $took.TotalSeconds -lt 0.9 } | ForEach-Object { "$($_.Activity): $($_.StatusDescription), $($_.RecordType)" }
            }
            """, null, ("EXITSNOOP_LIBBPF", library));
        Assert.Contains(" (named by EXITSNOOP_LIBBPF);", result.Output, StringComparison.Ordinal);
        Assert.Equal(2, result.Lines.Count(line => line.Contains("attached by", StringComparison.Ordinal)));
        Assert.Equal(
            ["Watch-ProcessExit: Loading the BPF program, Processing", "Watch-ProcessExit: Loading the BPF program, Completed"],
            result.Lines.Where(line => line.StartsWith("Watch-", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("/etc/passwd", "not a BTF")]
    [InlineData("/no/such/file", "/no/such/file")]
    public void A_BtfPath_without_type_information_is_an_error(string path, string says)
    {
        Need.Kernel();
        ShellError error = Shell.Shared.Run("Watch-ProcessExit -Timeout 0 -BtfPath $path", ("path", path)).OnlyError;
        Assert.Equal(("InvalidTypeInfo", "InvalidArgument"), (error.ShortId, error.Category));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_BtfPath_is_relative_to_where_the_shell_is()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        ShellResult result = shell.Run("Set-Location /sys/kernel/btf; Watch-ProcessExit -Timeout 0 -User 64099 -BtfPath ./vmlinux -Verbose");
        Assert.Empty(result.Errors);
        Assert.NotEmpty(result.Verbose);
    }
}
