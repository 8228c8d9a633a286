namespace ExitSnoop.Cli.Output;

/// <summary>Writes the calls of a process that crashed below its line.</summary>
internal static class StackLines
{
    internal static void AppendStackTrace(this OutputBuffer output, ExitEvent exit)
    {
        if (exit.StackTrace is not { } frames)
            return;
        foreach (StackFrame frame in frames)
            AppendLine(output, frame.ToString());
        if (exit.CrashNote is { } note)
            AppendLine(output, $"({DisplayText.Escape(note)})");
    }

    private static void AppendLine(OutputBuffer output, string text)
    {
        output.Append("    "u8);
        output.Append(text);
        output.EndLine();
    }
}
