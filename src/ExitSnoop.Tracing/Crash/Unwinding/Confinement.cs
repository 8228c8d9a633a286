using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ExitSnoop.Crash.Unwinding;

/// <summary>Drops the privileges of the unwinder and limits its resources, before it reads files that others chose.</summary>
internal static unsafe partial class Confinement
{
    internal const uint Nobody = 65534;
    private const ulong AddressSpace = 1UL << 30;
    private const int OpenFiles = 320, CpuSeconds = 5;

    // include/uapi/linux/prctl.h, include/uapi/linux/capability.h, include/uapi/asm-generic/resource.h
    private const int SetDumpable = 4, SetName = 15, SetNoNewPrivileges = 38, CapAmbient = 47, CapAmbientClearAll = 4;
    private const uint CapabilityVersion3 = 0x20080522;
    private const int LimitCpu = 0, LimitFileSize = 1, LimitCore = 4, LimitOpenFiles = 7, LimitAddressSpace = 9;

    /// <summary>
    /// Becomes the user nobody if it is root and the kernel permits it, drops all capabilities and executes this program again. The latter
    /// is needed because credentials belong to a thread, and the runtime has already started others. Returns only if that failed, with the
    /// exit status.
    /// </summary>
    internal static int DropPrivilegesAndExecute(string argument)
    {
        // Root without CAP_SETUID, as in some units and containers, stays root, but without capabilities.
        if (geteuid() == 0 && setgroups(0, null) == 0 && setresgid(Nobody, Nobody, Nobody) == 0)
            _ = setresuid(Nobody, Nobody, Nobody);
        CapabilityHeader header = new() { Version = CapabilityVersion3 };
        CapabilitySets none = default;
        _ = prctl(CapAmbient, CapAmbientClearAll, 0, 0, 0);
        if (capset(&header, &none) != 0 || prctl(SetNoNewPrivileges, 1, 0, 0, 0) != 0)
            return 1;
        nint* arguments = stackalloc nint[] { Text("exitsnoop"), Text(argument), 0 };
        // Not environ of libc.so.6, because the program in the container image is linked statically.
        System.Collections.IDictionary variables = Environment.GetEnvironmentVariables();
        nint* environment = stackalloc nint[variables.Count + 1];
        int count = 0;
        foreach (System.Collections.DictionaryEntry variable in variables)
            environment[count++] = Text($"{variable.Key}={variable.Value}");
        environment[count] = 0;
        return execve(Text("/proc/self/exe"), arguments, environment);
    }

    /// <summary>Limits the memory, files and core dumps of the process.</summary>
    /// <param name="writesFiles">Whether it may write files, as it does when it downloads symbols.</param>
    internal static void LimitResources(bool writesFiles)
    {
        // RLIMIT_AS also counts the address space that the runtime has reserved but does not use.
        ulong reserved = ulong.Parse(
            File.ReadAllText("/proc/self/statm").Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture)
            * (ulong)Environment.SystemPageSize;
        SetLimit(LimitAddressSpace, reserved + AddressSpace);
        SetLimit(LimitCore, 0);
        SetLimit(LimitOpenFiles, OpenFiles);
        if (!writesFiles)
            SetLimit(LimitFileSize, 0);
        _ = prctl(SetDumpable, 0, 0, 0, 0);
        // Executing /proc/self/exe has set the comm to "exe".
        _ = prctl(SetName, (nuint)Text("exitsnoop"), 0, 0, 0);
    }

    /// <summary>Allows <see cref="CpuSeconds"/> more seconds of CPU time from now on.</summary>
    internal static void LimitCpuTime()
    {
        Limit limit = default;
        _ = getrlimit(LimitCpu, &limit);
        limit.Soft = (ulong)Environment.CpuUsage.TotalTime.TotalSeconds + CpuSeconds;
        _ = setrlimit(LimitCpu, &limit);
    }

    private static void SetLimit(int resource, ulong value)
    {
        Limit limit = new() { Soft = value, Hard = value };
        _ = setrlimit(resource, &limit);
    }

    private static nint Text(string value) => Marshal.StringToCoTaskMemUTF8(value);

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc")]
    private static partial int setgroups(nuint count, uint* groups);

    [LibraryImport("libc")]
    private static partial int setresgid(uint real, uint effective, uint saved);

    [LibraryImport("libc")]
    private static partial int setresuid(uint real, uint effective, uint saved);

    [LibraryImport("libc")]
    private static partial int prctl(int option, nuint second, nuint third, nuint fourth, nuint fifth);

    [LibraryImport("libc")]
    private static partial int capset(CapabilityHeader* header, CapabilitySets* sets);

    [LibraryImport("libc")]
    private static partial int getrlimit(int resource, Limit* limit);

    [LibraryImport("libc")]
    private static partial int setrlimit(int resource, Limit* limit);

    [LibraryImport("libc")]
    private static partial int execve(nint path, nint* arguments, nint* environment);

    private struct CapabilityHeader
    {
        public uint Version;
        public int Pid;
    }

    [InlineArray(6)]
    private struct CapabilitySets
    {
        private uint first;
    }

    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
