namespace ExitSnoop.Testing;

/// <summary>bench/storm: many exits at once, counted by those who reaped them. Begins when it is released.</summary>
internal sealed class Storm : IDisposable
{
    private readonly Command child;

    private Storm(Command child) => this.child = child;

    /// <summary>The process that all others descend from.</summary>
    internal int Id => child.Id;

    // sh starts it with exec, so that its ID is known before it begins.
    internal static Storm Prepare(params string[] arguments) =>
        new(Command.Start("sh", ["-c", "read go; exec \"$0\" \"$@\"", TestProgram.Storm, .. arguments]));

    /// <summary>The same, with so many bytes as the arguments of every process in it.</summary>
    internal static Storm PrepareHeavy(int bytes, params string[] arguments) =>
        new(Command.Start("bash", ["-c", "read go; exec -a \"$0\" \"$@\"", new string('x', bytes), TestProgram.Storm, .. arguments]));

    internal void Release() => child.Write("\n");

    /// <summary>Waits for its end. How many processes exited, the storm itself and its workers included.</summary>
    internal int Wait()
    {
        CommandResult result = child.Wait(TimeSpan.FromSeconds(100));
        string[][] lines = [.. result.Lines.Select(line => line.Split(' '))];
        int exits = lines.Where(line => line[0] == "exits").Select(line => int.Parse(line[1], CultureInfo.InvariantCulture)).Single();
        return exits + lines.Count(line => line[0] == "worker") + 1;
    }

    public void Dispose() => child.Dispose();
}
