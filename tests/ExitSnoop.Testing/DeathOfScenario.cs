using System.Globalization;

namespace ExitSnoop.Testing;

/// <summary>What the program scenario printed: each process with what wait4(2) said of it, and the threads of some.</summary>
internal sealed record DeathOfScenario(string Case, string Comm, int Id, int ParentId, int Status, ResourceUsage? Usage)
{
    /// <summary>The threads that the process had, where it had several.</summary>
    internal List<ThreadEnd> Threads { get; } = [];

    internal static IReadOnlyList<DeathOfScenario> Parse(string output)
    {
        List<DeathOfScenario> deaths = [];
        List<ThreadEnd> threads = [];
        foreach (string line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] fields = line.Split('\t');
            int Number(int field) => int.Parse(fields[field], CultureInfo.InvariantCulture);
            if (fields[0] == "thread")
            {
                threads.Add(new ThreadEnd(fields[1], Number(2), Number(3), Number(4)));
                continue;
            }
            ResourceUsage usage = new(
                TimeSpan.FromMicroseconds(Number(5)), TimeSpan.FromMicroseconds(Number(6)), Number(7), Number(8), Number(9), Number(10), Number(11));
            DeathOfScenario death = new(fields[0], fields[1], Number(2), Number(3), Number(4), usage);
            death.Threads.AddRange(threads);
            threads.Clear();
            deaths.Add(death);
        }
        return deaths;
    }

    internal sealed record ThreadEnd(string Comm, int ProcessId, int Id, int Status);
}
