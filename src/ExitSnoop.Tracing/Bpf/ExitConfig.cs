using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ExitSnoop.Bpf;

/// <summary>struct exit_config of bpf/config.h: the program's constants, set before the load.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ExitConfig
{
    public ulong MinimumAge;
    public ulong Signals;
    public ExitCodeSet ExitCodes;
    public uint PidNamespace;
    public CgroupSource CgroupSource;
    public uint CgroupHierarchy;
    public uint RingMask;
    public byte ById;
    public byte IncludeChildren;
    public byte ByParent;
    public byte ByUser;
    public byte ByCgroup;
    public byte ByExitCode;
    public byte Failed;
    public byte PerThread;
    public byte Detail;
    public byte HasGroupDead;
    public byte TwoHooks;

    [InlineArray(4)]
    internal struct ExitCodeSet
    {
        private ulong first;
    }

    /// <summary>What the options say of which exits are wanted; how to load is not theirs to say.</summary>
    internal static ExitConfig From(ExitTraceOptions options)
    {
        ExitConfig config = new()
        {
            MinimumAge = (ulong)(options.MinimumAge.Ticks * TimeSpan.NanosecondsPerTick),
            ById = Flag(options.Ids.Count > 0),
            IncludeChildren = Flag(options.IncludeChildren),
            ByParent = Flag(options.ParentIds.Count > 0),
            ByUser = Flag(options.Users.Count > 0),
            ByCgroup = Flag(options.Cgroup is not null),
            ByExitCode = Flag(options.ExitCodes.Count > 0),
            Failed = Flag(options.Failed),
            PerThread = Flag(options.PerThread),
            Detail = Flag(!options.Basic),
        };
        foreach (Signal signal in ExitFilter.Signals(options) ?? [])
            config.Signals |= 1UL << ((int)signal - 1);
        foreach (int code in options.ExitCodes)
            config.ExitCodes[code >> 6] |= 1UL << (code & 63);
        return config;
    }

    private static byte Flag(bool value) => value ? (byte)1 : (byte)0;
}

/// <summary>enum cgroup_source: where the path of a process's cgroup is read.</summary>
internal enum CgroupSource : uint
{
    Unified = 0,
    Memory = 1,
    Pids = 2,
    Named = 3,
}
