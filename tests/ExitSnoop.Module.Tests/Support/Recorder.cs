namespace ExitSnoop.ModuleTests.Support;

/// <summary>Makes recordings with the console program.</summary>
internal static class Recorder
{
    /// <summary>Records what exits while something is done.</summary>
    internal static void Record(string recording, string[] options, Action deaths)
    {
        using Command recorder = Command.Start(Paths.Console, ["--record", recording, "-v", .. options]);
        recorder.WaitForError("attached");
        deaths();
        recorder.Signal(Command.SigTerm);
        Assert.Equal(0, recorder.Wait().ExitCode);
    }
}
