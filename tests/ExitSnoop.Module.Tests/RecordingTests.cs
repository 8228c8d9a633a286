using ExitSnoop.ModuleTests.Engine;
using Xunit;

namespace ExitSnoop.ModuleTests;

/// <summary>Get-ProcessExit: recordings at the prompt. What is in them is tested in the library.</summary>
public sealed class RecordingTests
{
    [Fact]
    public void A_recording_comes_back_newest_first_with_the_filters_of_a_watch_and_its_gaps_as_warnings()
    {
        Need.Kernel();
        using Shell shell = Shell.Open();
        using TestFolder folder = new();
        string recording = folder.Path("recording");
        using (Command recorder = Command.Start(Path.Combine(Paths.Out, "exitsnoop"), ["--record", recording, "--parent", Environment.ProcessId.Text(), "-v"]))
        {
            Eventually.True(() => recorder.Error.Contains("attached", StringComparison.Ordinal), () => $"It does not record: {recorder.Error}");
            foreach (string[] mode in (string[][])[["exit", "1"], ["null-deref"], ["exit", "3"]])
                using (Victim victim = Victim.Start(mode))
                    victim.Die();
            recorder.Signal(Command.SigTerm);
            Assert.Equal(0, recorder.Wait().ExitCode);
        }
        foreach ((string parameters, string expected) in (ReadOnlySpan<(string, string)>)[
            ("-Path $recording", "3 139 1"), ("$recording -Oldest", "1 139 3"), ("$recording -n 1", "3"), ("$recording -n 2 -Oldest", "1 139"),
            ("$recording -Crashed", "139"), ("$recording -ExitCode 1, 3 -Oldest", "1 3"), ("$recording -Last 8h -Signal SEGV", "139"),
            ("$recording -Last 600 -Name vic*", "3 139 1"), ("$recording -After (Get-Date).AddHours(-1) -Before (Get-Date)", "3 139 1"),
            ("(Get-ChildItem $recording/*)[0].FullName", "3 139 1"), ("$recording -Wait -n 2 | Select-Object -First 2", "139 3")])
        {
            ShellResult result = shell.Run($"(Get-ProcessExit {parameters}).ExitCode -join ' '", ("recording", recording));
            Assert.Empty(result.Errors);
            Assert.Equal((parameters, expected), (parameters, Assert.Single(result.Output)));
        }
        ShellResult nothing = shell.Run("Get-ProcessExit $recording -Last 8h -Name no-such", ("recording", recording));
        Assert.Equal(("NoMatchingEventsFound", "ObjectNotFound"), (nothing.OnlyError.ShortId, nothing.OnlyError.Category));
        Assert.Contains(nothing.Warnings, warning => warning.StartsWith("Nothing has been recorded since ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Get-ProcessExit /no/such/recording", "PathNotFound")]
    [InlineData("Get-ProcessExit / ", "NotFound")]
    [InlineData("Get-ProcessExit /etc/passwd", "NotARecording")]
    [InlineData("Get-ProcessExit / -Last 5 -After 2026-11-25", "Argument")]
    [InlineData("Get-ProcessExit / -Wait -Oldest", "Argument")]
    public void What_cannot_be_read_is_an_error(string script, string error)
    {
        using Shell shell = Shell.Open();
        Assert.Equal(error, shell.Run(script).OnlyError.ShortId);
    }
}
