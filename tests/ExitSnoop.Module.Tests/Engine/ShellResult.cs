namespace ExitSnoop.ModuleTests.Engine;

/// <summary>An error record, as $Error shows it.</summary>
internal sealed record ShellError(string Id, string Category, string Message, object? Target)
{
    /// <summary>The part of the ID before the comma: what the cmdlet chose.</summary>
    internal string ShortId => Id.Split(',')[0];
}

/// <summary>
/// What a script left in each stream: the objects without PowerShell's wrapping, the errors that did not
/// end it, the one that did, and whether it was ended from outside.
/// </summary>
internal sealed record ShellResult(
    IReadOnlyList<object?> Output,
    IReadOnlyList<ShellError> Errors,
    ShellError? Terminating,
    bool WasStopped,
    IReadOnlyList<string> Warnings,
    IReadOnlyList<string> Verbose,
    IReadOnlyList<string> Debug,
    IReadOnlyList<string> Information)
{
    internal IReadOnlyList<ExitEvent> Events => [.. Output.OfType<ExitEvent>()];

    /// <summary>
    /// The only error. A terminating error of a cmdlet ends the statement, but not a script that
    /// has no try around it.
    /// </summary>
    internal ShellError OnlyError => Assert.Single(Terminating is null ? Errors : [.. Errors, Terminating]);

    /// <summary>Each object as a string, the lines of Out-String apart.</summary>
    internal IReadOnlyList<string> Lines => [.. Output.SelectMany(item => $"{item}".Split('\n')).Select(line => line.TrimEnd('\r'))];

    public override string ToString() =>
        $"output: {string.Join(" | ", Output)}\nerrors: {string.Join(" | ", Errors)}\nterminating: {Terminating}\n"
        + $"warnings: {string.Join(" | ", Warnings)}\nverbose: {string.Join(" | ", Verbose)}";
}
