using System.Diagnostics;

namespace ExitSnoop.Crash;

/// <summary>The state of a crashed thread, taken from a record, until its frames are known.</summary>
internal sealed class CrashCapture
{
    private readonly CrashMapping[] mappings;
    private readonly string[] paths;

    internal CrashCapture(CrashRecordView view, bool withStack)
    {
        ref readonly CrashRecord record = ref view.Record;
        Crash = new RecordedCrash(record.HostPid, record.StartTime, (int)record.Tid, (Signal)record.Signal, record.Time);
        ThreadName = record.Comm.ToString();
        MountNamespace = record.MountNamespace;
        MappingsCut = record.Flags.HasFlag(CrashFlags.MappingsCut);
        mappings = view.Mappings.ToArray();
        paths = new string[mappings.Length];
        for (int i = 0; i < paths.Length; i++)
            paths[i] = view.PathOf(i);
        int registers = Registers.Count(record.RegisterBytes);
        Stack = CapturedStack.From(record.Stack, registers, withStack);
        if (record.Flags.HasFlag(CrashFlags.Origin))
            Origin = CapturedStack.From(record.Origin, registers, withStack);
    }

    internal RecordedCrash Crash { get; }

    internal string ThreadName { get; }

    internal uint MountNamespace { get; }

    /// <summary>Whether there were more mappings than a record has room for.</summary>
    internal bool MappingsCut { get; }

    internal IReadOnlyList<CrashMapping> Mappings => mappings;

    /// <summary>Where it ended.</summary>
    internal CapturedStack Stack { get; }

    /// <summary>Where it was when it handled the same signal before; null where it did not.</summary>
    internal CapturedStack? Origin { get; }

    /// <summary>A <see cref="Stopwatch"/>'s timestamp.</summary>
    internal long ReceivedAt { get; } = Stopwatch.GetTimestamp();

    internal string PathOf(int mapping) => paths[mapping];

    /// <summary>The mapping that an address is in; -1 where it is in none.</summary>
    internal int MappingOf(ulong address) => Array.FindIndex(mappings, mapping => mapping.Start <= address && address < mapping.End);

    /// <summary>Overwrites the bytes of its stacks.</summary>
    internal void Wipe()
    {
        Stack.Wipe();
        Origin?.Wipe();
    }
}
