using System.ComponentModel;
using System.Runtime.InteropServices;

namespace ExitSnoop.Bench;

/// <summary>Functions of libc and libbpf that .NET does not have.</summary>
internal static partial class LibC
{
    internal const int ClockMonotonic = 1, ClockBoottime = 7;
    internal const int SIGINT = 2, SIGKILL = 9, SIGTERM = 15, SIGCONT = 18, SIGSTOP = 19;

    /// <summary>CPUCLOCK_SCHED of include/linux/posix-timers_types.h: CPU time in nanoseconds.</summary>
    private const int SchedulerClock = 2;

    [LibraryImport("libc")]
    internal static partial int kill(int pid, int signal);

    /// <summary>The time of a clock in nanoseconds.</summary>
    internal static long Now(int clock)
    {
        if (clock_gettime(clock, out Timespec time) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        return (time.Seconds * 1_000_000_000) + time.Nanoseconds;
    }

    /// <summary>The CPU time of a process, including threads that have exited; clock_getcpuclockid(3).</summary>
    internal static TimeSpan CpuTime(int pid) =>
        TimeSpan.FromTicks(Now((~pid << 3) | SchedulerClock) / TimeSpan.NanosecondsPerTick);

    internal static void MakeFifo(string path)
    {
        if (mkfifo(path, 0x180) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    /// <summary>
    /// Makes the kernel count the runs and nanoseconds of all BPF programs while the descriptor is open. Unlike
    /// kernel.bpf_stats_enabled, this always ends with this process.
    /// </summary>
    internal static SafeHandle CountProgramRuns()
    {
        int fd = bpf_enable_stats(0);
        return fd >= 0
            ? new Microsoft.Win32.SafeHandles.SafeFileHandle(fd, ownsHandle: true)
            : throw new Win32Exception(Marshal.GetLastPInvokeError(), "The kernel does not count the runs of BPF programs (BPF_ENABLE_STATS, 5.8)");
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int clock_gettime(int clock, out Timespec time);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkfifo(string path, uint mode);

    [LibraryImport("libbpf.so.1", SetLastError = true)]
    private static partial int bpf_enable_stats(int type);

    private struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
