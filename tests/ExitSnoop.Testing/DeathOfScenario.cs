using System.Text;

namespace ExitSnoop.Testing;

/// <summary>A process in the output of the program scenario: the result of wait4(2), and its threads.</summary>
internal sealed record DeathOfScenario(string Case, string Comm, int Id, int ParentId, int Status, ResourceUsage? Usage)
{
    /// <summary>The threads that the process had, where it had several.</summary>
    internal List<ThreadEnd> Threads { get; } = [];

    /// <summary>comm as a text; bytes that are not UTF-8 are replaced.</summary>
    internal string Name => Decode(Comm);

    /// <summary>The text of the EXIT_CODE column, by the macros of waitpid(2).</summary>
    internal string StatusText => TextOf(Status);

    internal static string TextOf(int status)
    {
        int signal = status & 0x7f, code = status >> 8 & 0xff;
        return signal != 0
            ? $"signal {signal} ({SignalName(signal)})" + ((status & 0x80) != 0 ? ", core dumped" : "")
            : code != 0 ? $"code {code}" : "0";
    }

    /// <summary>The bytes of a name that scenario printed with \xNN for what is no plain character.</summary>
    internal static byte[] Unescape(string comm)
    {
        List<byte> bytes = [];
        for (int i = 0; i < comm.Length; i++)
        {
            bool escaped = comm[i] == '\\';
            bytes.Add(escaped ? byte.Parse(comm.AsSpan(i + 2, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : (byte)comm[i]);
            i += escaped ? 3 : 0;
        }
        return [.. bytes];
    }

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

    private static string Decode(string comm) => Encoding.UTF8.GetString(Unescape(comm));

    /// <summary>As signal(7) and bash's kill -l have them, written down here once more; 29 by its POSIX name, which the original prints.</summary>
    internal static string SignalName(int signal) => signal switch
    {
        < 32 => "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH POLL PWR SYS"
            .Split(' ')[signal - 1],
        32 or 33 => signal.Text(),
        34 => "RTMIN",
        < 50 => $"RTMIN+{signal - 34}",
        < 64 => $"RTMAX-{64 - signal}",
        64 => "RTMAX",
        _ => signal.Text(),
    };

    internal sealed record ThreadEnd(string Comm, int ProcessId, int Id, int Status);
}
