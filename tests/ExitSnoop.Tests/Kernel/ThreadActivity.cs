namespace ExitSnoop.Tests.Kernel;

/// <summary>The CPU time and wake-ups of the threads of this process with a name, according to the scheduler.</summary>
/// <param name="Cpu">Time on a processor.</param>
/// <param name="WakeUps">How often they have gone to sleep, which is how often they were woken.</param>
internal readonly record struct ThreadActivity(TimeSpan Cpu, long WakeUps)
{
    /// <summary>The kernel truncates names to 15 bytes.</summary>
    internal const string Readers = "ExitSnoop reade";

    internal static ThreadActivity Of(string name)
    {
        long nanoseconds = 0, switches = 0;
        foreach ((string task, _) in Proc.OwnThreads().Where(thread => thread.Name == name))
        {
            nanoseconds += long.Parse(File.ReadAllText(Path.Join(task, "schedstat")).Split(' ')[0], CultureInfo.InvariantCulture);
            const string field = "voluntary_ctxt_switches:";
            string line = File.ReadLines(Path.Join(task, "status")).Single(line => line.StartsWith(field, StringComparison.Ordinal));
            switches += long.Parse(line.AsSpan(field.Length).Trim(), CultureInfo.InvariantCulture);
        }
        return new ThreadActivity(TimeSpan.FromMicroseconds(nanoseconds / 1000), switches);
    }

    public static ThreadActivity operator -(ThreadActivity left, ThreadActivity right) =>
        new(left.Cpu - right.Cpu, left.WakeUps - right.WakeUps);
}
