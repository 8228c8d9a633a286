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

        // Of one that is not unwound only the module where it crashed is asked for.
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

    /// <summary>Whether there were more mappings than a record has room for.</summary>
    internal bool MappingsCut { get; }

    internal IReadOnlyList<CrashMapping> Mappings => mappings;

    /// <summary>Where it ended.</summary>
    internal CapturedStack Stack { get; }

    /// <summary>Where it was when it handled the same signal, if it ended in that handler.</summary>
    internal CapturedStack? Origin { get; }

    /// <summary>The instruction of the fault, as far as it is known without the frames.</summary>
    internal ulong Site { get; }

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

    private static Registers RegistersOf(in CrashRecord record, in CrashStack stack) =>
        new(((ReadOnlySpan<ulong>)stack.Registers)[..Registers.Count(record.RegisterBytes)]);
}
