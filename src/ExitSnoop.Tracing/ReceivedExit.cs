using ExitSnoop.Crash;
using ExitSnoop.Records;

namespace ExitSnoop;

/// <summary>An exit as the kernel sent it, before an event is made of it.</summary>
/// <param name="record">Its record. It is valid until the next exit is taken.</param>
/// <param name="exec">The record of its exec, if the command cannot be read at the exit; otherwise null.</param>
/// <param name="clockOffset">Nanoseconds to add to its times to get Unix time.</param>
internal ref struct ReceivedExit(RecordView record, byte[]? exec, long clockOffset)
{
    internal readonly RecordView Record = record;

    internal readonly byte[]? Exec => exec;

    internal readonly long ClockOffset => clockOffset;

    /// <summary>Its event, if one was already made to filter it.</summary>
    internal ExitEvent? Event { get; set; }

    /// <summary>The report of its crash; null if it did not crash, or if crashes are not captured.</summary>
    internal CrashReport? Crash { get; set; }

    /// <summary>What exited, to find its crash.</summary>
    internal readonly ExitedTask Task
    {
        get
        {
            ref readonly ExitRecord exit = ref Record.Record;
            Signal signal = new WaitStatus(exit.WaitStatus, exit.Flags.HasFlag(RecordFlags.KernelThread)).Signal;
            return new ExitedTask(exit.HostPid, exit.StartTime, (int)exit.Tid, exit.Flags.HasFlag(RecordFlags.Thread), signal);
        }
    }
}
