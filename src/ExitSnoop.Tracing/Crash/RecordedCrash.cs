namespace ExitSnoop.Crash;

/// <summary>A recorded crash: what identifies its exit, and the report when it is ready.</summary>
/// <param name="HostPid">The process's ID in the first PID namespace.</param>
/// <param name="ProcessStartTime">When the process started, in nanoseconds of the boot clock.</param>
/// <param name="ThreadId">The thread, in the reader's PID namespace.</param>
/// <param name="Signal">The signal.</param>
/// <param name="Time">When the signal was delivered, in nanoseconds of the boot clock.</param>
internal sealed record RecordedCrash(uint HostPid, ulong ProcessStartTime, int ThreadId, Signal Signal, ulong Time)
{
    private CrashReport? report;

    /// <summary>Null until the stack has been unwound.</summary>
    internal CrashReport? Report
    {
        get => Volatile.Read(ref report);
        set => Volatile.Write(ref report, value);
    }

    /// <summary>Whether it is the crash of this process or, if threads are reported, of this thread.</summary>
    internal bool IsOf(in ExitedTask task) => task.IsThread
        ? ThreadId == task.ThreadId && Time >= task.StartTime
        : ProcessStartTime == task.StartTime && Signal == task.Signal;
}
