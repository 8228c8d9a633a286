using System.Text.Json;

namespace ExitSnoop.Tests;

/// <summary>
/// A tracer in a process of its own, for tests that stop it, kill it, limit it or run it in another
/// namespace: prints "attached", a line of JSON for each event, and at the end "lost N". It ends by itself,
/// or at the end of its input (not so with --to-the-end); with --hold it reads no event before one is lost.
/// </summary>
internal static class TraceProgram
{
    internal const string Name = "trace";

    internal static int Run(string[] args)
    {
        List<int> ids = [], parents = [];
        bool hold = false, toTheEnd = false, basic = false, children = false;
        int bufferSize = 16;
        string? unwinder = null;
        ExitProgramFallbacks fallbacks = ExitProgramFallbacks.None;
        for (int i = 0; i < args.Length; i++)
        {
            int Number() => int.Parse(args[++i], CultureInfo.InvariantCulture);
            switch (args[i])
            {
                case "--id": ids.Add(Number()); break;
                case "--children": children = true; break;
                case "--parent": parents.Add(Number()); break;
                case "--buffer": bufferSize = Number(); break;
                case "--without": fallbacks = (ExitProgramFallbacks)Number(); break;
                case "--unwinder": unwinder = args[++i]; break;
                case "--basic": basic = true; break;
                case "--to-the-end": toTheEnd = true; break;
                case "--hold": hold = true; break;
                default: throw new ArgumentException(args[i]);
            }
        }
        ExitTraceOptions options = new()
        {
            Ids = ids,
            IncludeChildren = children,
            ParentIds = parents,
            BufferSize = bufferSize,
            Fallbacks = fallbacks,
            Basic = basic,
            StackTrace = unwinder is not null,
            UnwinderProgram = unwinder,
        };
        try
        {
            using ExitTrace trace = ExitTrace.Start(options);
            Console.WriteLine("attached");
            if (hold)
                Eventually.True(() => trace.LostCount > 0, "Nothing is lost.");
            if (!toTheEnd)
                new Thread(() => StopAtEndOfInput(trace)) { IsBackground = true }.Start();
            foreach (ExitEvent exit in trace.ReadEvents())
                Console.WriteLine(JsonSerializer.Serialize(Line.Of(exit)));
            foreach (int id in trace.TakeMissingIds())
                Console.WriteLine($"missing {id}");
            foreach (int id in trace.TakeUnseenIds())
                Console.WriteLine($"unseen {id}");
            Console.WriteLine($"lost {trace.LostCount}");
            return 0;
        }
        catch (ExitTraceException refused)
        {
            Console.WriteLine($"error {refused.Error}: {refused.Message}");
            return 1;
        }
    }

    private static void StopAtEndOfInput(ExitTrace trace)
    {
        while (Console.In.ReadLine() is not null)
        {
        }
        trace.Stop();
    }

    /// <summary>What it tells of an event.</summary>
    internal sealed record Line(string Name, int Id, int ParentId, int? NamespaceId, int? HostId, int? SessionId, int? SenderId, string Status, DateTime StartTime, DateTime ExitTime, string? CrashSite, string[]? StackTrace)
    {
        internal static Line Of(ExitEvent exit) => new(
            exit.Name, exit.Id, exit.ParentId, exit.NamespaceId, exit.HostId, exit.SessionId, exit.SenderId, exit.Status, exit.StartTime, exit.ExitTime,
            exit.CrashSite, exit.StackTrace?.Select(frame => frame.ToString()).ToArray());
    }
}
