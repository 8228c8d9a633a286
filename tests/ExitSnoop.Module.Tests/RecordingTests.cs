using System.Diagnostics;

namespace ExitSnoop.ModuleTests;

/// <summary>Get-ProcessExit with recordings. The tests of the library check their content.</summary>
public sealed class RecordingTests
{
    [Fact]
    public void A_recording_comes_back_newest_first_with_the_filters_of_a_watch_and_its_gaps_as_warnings()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using TestFolder folder = new();
        string recording = folder.Path("recording");
        Recorder.Record(recording, ["--parent", Environment.ProcessId.Text()], () =>
        {
            foreach (string[] mode in (string[][])[["exit", "1"], ["null-deref"], ["exit", "3"]])
                using (Victim victim = Victim.Start(mode))
                    victim.Die();
        });
        foreach ((string parameters, string expected) in (ReadOnlySpan<(string, string)>)[
            ("-Path $recording", "3 139 1"), ("$recording -Oldest", "1 139 3"), ("$recording -n 1", "3"), ("$recording -n 2 -Oldest", "1 139"),
            ("$recording -Crashed", "139"), ("$recording -ExitCode 1, 3 -Oldest", "1 3"), ("$recording -Last 8h -Signal SEGV", "139"),
            ("$recording -Last 600 -Name vic*", "3 139 1"), ("$recording -Last 1d -n 1", "3"), ("$recording -Last 600s -n 1", "3"), ("$recording -After (Get-Date).AddHours(-1) -Before (Get-Date)", "3 139 1"),
            ("(Get-ChildItem $recording/*)[0].FullName", "3 139 1"), ("$recording -Wait -n 2 | Select-Object -First 2", "139 3")])
        {
            ShellResult result = shell.Run($"(Get-ProcessExit {parameters}).ExitCode -join ' '", ("recording", recording));
            Assert.Empty(result.Errors);
            Assert.Equal((parameters, expected), (parameters, Assert.Single(result.Output)));
        }
        ShellResult status = shell.Run(
            "$status = Get-ProcessExitRecording $recording; $status.Events, $status.Gaps, $status.Lost, $status.IsRecording, $status.HostName; $status | Out-String -Width 120", ("recording", recording));
        Assert.Equal([3L, 0, 0L, false, Environment.MachineName], status.Output.SkipLast(1));
        Assert.Matches(@"FROM +TO +EVENTS +LOST +GAPS +SIZE +HOST +SERVICE *\n.*\n[-\d]+ [:\d]+ [-\d]+ [:\d]+ +3 +0 +0 +0\.0 MiB +\S+", $"{status.Output[^1]}");
        foreach ((string line, string offered) in (ReadOnlySpan<(string, string)>)[("-Name ", "victim"), ("-User ro", "root"), ("-User 0", "root"), ("-ExecutablePath ", TestProgram.Victim)])
        {
            ShellResult completed = shell.Run("(TabExpansion2 $line $line.Length).CompletionMatches.CompletionText", ("line", $"Get-ProcessExit {recording} {line}"));
            Assert.Equal((line, offered), (line, Assert.Single(completed.Output)));
        }
        ShellResult nothing = shell.Run("Get-ProcessExit $recording -Last 8h -Name no-such", ("recording", recording));
        Assert.Equal(("NoMatchingEventsFound", "ObjectNotFound"), (nothing.OnlyError.ShortId, nothing.OnlyError.Category));
        Assert.EndsWith($"The recording in {recording} was made with filters, and has only: children of {Environment.ProcessId}.", nothing.OnlyError.Message, StringComparison.Ordinal);
        Assert.Contains(nothing.Warnings, warning => warning.StartsWith("Nothing has been recorded since ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_member_of_the_group_reads_without_a_capability_and_others_may_not()
    {
        Need.Kernel();
        using UnprivilegedShell shell = new();
        using TestFolder folder = new();
        // The group of the user that shell is run as.
        foreach ((string name, string[] options) in (ReadOnlySpan<(string, string[])>)[("group", ["--group", "65534"]), ("root", [])])
            Recorder.Record(folder.Path(name), options, () => Child.Run(TestProgram.Victim, "exit", "3").Dispose());
        CommandResult result = shell.Run(
            $"(Get-ProcessExit '{folder.Path("group")}' -Last 8h -Failed).Status; try {{ Get-ProcessExit '{folder.Path("root")}' }} catch {{ $_.FullyQualifiedErrorId }}", "");
        Assert.Contains("code 3", result.Lines);
        Assert.Contains("NoPermission,ExitSnoop.Commands.GetProcessExitCommand", result.Lines);
    }

    [Fact]
    public void Select_Object_First_and_Ctrl_C_end_a_reading_in_the_middle_of_millions()
    {
        Need.Kernel();
        using TestFolder folder = new();
        Recorder.Record(folder.Path("recording"), [], () => Command.Run(TestProgram.Storm, ["--count", "5000"]));
        // 400 recordings with 5,000 exits each take seconds to be read.
        string all = $"$all = @('{folder.Path("recording")}') * 400; ";
        Stopwatch elapsed = Stopwatch.StartNew();
        ShellResult first = Shell.Shared.Run(all + "Get-ProcessExit $all | Select-Object -First 3");
        Assert.Equal(3, first.Events.Count);
        using RunningScript reading = Shell.Shared.Start(all + "'reading'; Get-ProcessExit $all -Name no-such");
        reading.WaitForOutput(1);
        Assert.True(reading.IsRunning);
        reading.BeginStop();
        Assert.True(reading.Wait().WasStopped);
        Assert.True(elapsed.Elapsed < TimeSpan.FromSeconds(30), $"{elapsed.Elapsed}");
    }

    [Theory]
    [InlineData("Get-ProcessExit /no/such/recording", "PathNotFound")]
    [InlineData("Get-ProcessExit / ", "NotFound")]
    [InlineData("Get-ProcessExit /etc/passwd", "NotARecording")]
    [InlineData("Get-ProcessExit / -Last 5 -After 2026-11-25", "Argument")]
    [InlineData("Get-ProcessExit / -Wait -Oldest", "Argument")]
    [InlineData("Get-ProcessExitRecording /no/such/recording", "PathNotFound")]
    [InlineData("Get-ProcessExitRecording / ", "NotFound")]
    [InlineData("Enable-ProcessExitRecording -User no-such-user -WhatIf", "UserNotFound")]
    public void What_cannot_be_read_is_an_error(string script, string error)
    {
        Assert.Equal(error, Shell.Shared.Run(script).OnlyError.ShortId);
    }
}
