namespace ExitSnoop.Testing;

/// <summary>
/// A process that waits until it is released, and then ends in the given way. Its exit code is
/// the one that waitpid(2) returned to the test, its parent.
/// </summary>
internal sealed class Victim : IDisposable
{
    private readonly Command child;

    private Victim(Command child, int id)
    {
        this.child = child;
        Id = id;
    }

    internal int Id { get; }

    internal Command Process => child;

    /// <summary>tests/programs/victim -w, with its mode and arguments.</summary>
    internal static Victim Start(params string[] mode) => StartProgram(TestProgram.Victim, mode);

    /// <summary>The same program under another name, which is its comm.</summary>
    internal static Victim StartNamed(TestFolder folder, string name, params string[] mode)
    {
        string program = folder.Path(name);
        if (!File.Exists(program))
            File.Copy(TestProgram.Victim, program);
        return StartProgram(program, mode);
    }

    internal static Victim StartProgram(string program, params string[] mode) => Start(Command.Start(program, ["-w", .. mode]));

    /// <summary>As another user; the program must be where that user can read it.</summary>
    internal static Victim StartProgramAs(int user, string program, params string[] mode) => Start(Command.Start(
        Need.Program("setpriv"), [$"--reuid={user.Text()}", $"--regid={user.Text()}", "--clear-groups", program, "-w", .. mode]));

    /// <summary>By way of a program that executes another in its place: setpriv, sh with exec.</summary>
    internal static Victim StartThrough(string file, string[] arguments, params string[] mode) =>
        Start(Command.Start(file, [.. arguments, TestProgram.Victim, "-w", .. mode]));

    private static Victim Start(Command child)
    {
        Eventually.True(() => child.Output.Contains('\n', StringComparison.Ordinal) || child.HasExited, () => $"The victim did not start: {child.Error}");
        if (!int.TryParse(child.Output.Split('\n')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int id))
            throw new InvalidOperationException($"The victim did not start: {child.Output} {child.Error}");
        return new Victim(child, id);
    }

    /// <summary>Releases it.</summary>
    internal void Release() => child.Write("\n");

    /// <summary>Releases it and waits for its exit.</summary>
    internal int Die()
    {
        Release();
        return Wait();
    }

    internal int Wait() => child.Wait().ExitCode;

    internal void Signal(int signal) => child.Signal(signal);

    public void Dispose() => child.Dispose();
}
