using ExitSnoop.Crash;
using ExitSnoop.Records;

namespace ExitSnoop;

/// <summary>An exit as it came from the kernel, before it is an event.</summary>
/// <param name="record">Its record, valid until the next is taken.</param>
/// <param name="exec">The record of its exec, on kernels where the command is gone by the exit.</param>
/// <param name="clockOffset">Nanoseconds to add to its times to get Unix time.</param>
internal ref struct ReceivedExit(RecordView record, byte[]? exec, long clockOffset)
{
    internal readonly RecordView Record = record;

    internal readonly byte[]? Exec => exec;

    internal readonly long ClockOffset => clockOffset;

    /// <summary>Its event, where one had to be made.</summary>
    internal ExitEvent? Event { get; set; }

    /// <summary>What was found of its crash; null where it is none, or none was recorded.</summary>
    internal CrashReport? Crash { get; set; }

    /// <summary>What exited, as the record of its crash names it.</summary>
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
