using System.Diagnostics;

namespace ExitSnoop.Crash;

/// <summary>The state of a crashed thread, taken from a record, until its frames are known.</summary>
internal sealed class CrashCapture
{
    private readonly CrashMapping[] mappings;
    private readonly List<string> paths = [];

    internal CrashCapture(CrashRecordView view, bool withStack)
    {
        ref readonly CrashRecord record = ref view.Record;
        Crash = new RecordedCrash(record.HostPid, record.StartTime, (int)record.Tid, (Signal)record.Signal, record.Time);
        ThreadName = record.Comm.ToString();
        MountNamespace = record.MountNamespace;
        MappingsCut = record.Flags.HasFlag(CrashFlags.MappingsCut);
        Registers registers = RegistersOf(record, record.Stack);
        Stack = CapturedStack.From(record.Stack, registers, withStack);
        if (record.Flags.HasFlag(CrashFlags.Origin) && RegistersOf(record, record.Origin) is var interrupted
            && SavedContext.IsOn(record.Stack.Bytes, registers.StackPointer, interrupted))
            Origin = CapturedStack.From(record.Origin, interrupted, withStack);

        // A crash that is not unwound needs only the mapping of the crash itself.
        Site = (Origin ?? Stack).Registers.InstructionPointer;
        List<CrashMapping> kept = [];
        for (int i = 0; i < view.Mappings.Length; i++)
        {
            CrashMapping mapping = view.Mappings[i];
            if (!withStack && (Site < mapping.Start || mapping.End <= Site))
                continue;
            kept.Add(mapping);
            paths.Add(view.PathOf(i));
        }
        mappings = [.. kept];
    }

    internal RecordedCrash Crash { get; }

    internal string ThreadName { get; }

    internal uint MountNamespace { get; }

    /// <summary>Whether the process had more mappings, or longer paths, than a record has room for.</summary>
    internal bool MappingsCut { get; }

    internal IReadOnlyList<CrashMapping> Mappings => mappings;

    /// <summary>The state of the thread when it ended.</summary>
    internal CapturedStack Stack { get; }

    /// <summary>The state of the thread when a handler interrupted it for the same signal; null unless it ended in that handler.</summary>
    internal CapturedStack? Origin { get; }

    /// <summary>The address of the instruction that crashed, as far as it is known without unwinding.</summary>
    internal ulong Site { get; }

    /// <summary>When the record was read, as a timestamp of <see cref="Stopwatch"/>.</summary>
    internal long ReceivedAt { get; } = Stopwatch.GetTimestamp();

    internal string PathOf(int mapping) => paths[mapping];

    /// <summary>The index of the mapping that contains an address; -1 if none does.</summary>
    internal int MappingOf(ulong address) => Array.FindIndex(mappings, mapping => mapping.Start <= address && address < mapping.End);

    /// <summary>Overwrites the bytes of its stacks.</summary>
    internal void Wipe()
    {
        Stack.Wipe();
        Origin?.Wipe();
    }

    private static Registers RegistersOf(in CrashRecord record, in CrashStack stack) =>
        new(((ReadOnlySpan<ulong>)stack.Registers)[..Registers.Count(record.RegisterBytes)]);
}
