namespace ExitSnoop.Crash;

/// <summary>A crash that was recorded: by what its exit is recognized, and what was found, once it is.</summary>
/// <param name="HostPid">The process's ID in the first PID namespace.</param>
/// <param name="ProcessStartTime">When the process began, by the boot clock.</param>
/// <param name="ThreadId">The thread, in the reader's PID namespace.</param>
/// <param name="Signal">The signal.</param>
/// <param name="Time">When it was delivered, by the boot clock.</param>
internal sealed record RecordedCrash(uint HostPid, ulong ProcessStartTime, int ThreadId, Signal Signal, ulong Time)
{
    private CrashReport? report;

    /// <summary>Null until the stack has been unwound.</summary>
    internal CrashReport? Report
    {
        get => Volatile.Read(ref report);
        set => Volatile.Write(ref report, value);
    }

    /// <summary>Whether it is the crash of this process or, where threads are reported, of this thread.</summary>
    internal bool IsOf(in ExitedTask task) => task.IsThread
        ? ThreadId == task.ThreadId && Time >= task.StartTime
        : ProcessStartTime == task.StartTime && Signal == task.Signal;
}
