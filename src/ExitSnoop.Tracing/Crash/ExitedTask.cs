namespace ExitSnoop.Crash;

/// <summary>What exited: a process or, if threads are reported, a thread.</summary>
/// <param name="HostPid">The process's ID in the first PID namespace.</param>
/// <param name="StartTime">When the process or thread started, in nanoseconds of the boot clock.</param>
/// <param name="ThreadId">The thread, in the reader's PID namespace.</param>
/// <param name="IsThread">Whether it is a thread.</param>
/// <param name="Signal">The signal that ended it.</param>
internal readonly record struct ExitedTask(uint HostPid, ulong StartTime, int ThreadId, bool IsThread, Signal Signal);
