using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ExitSnoop.Linux;

namespace ExitSnoop.Bpf;

/// <summary>struct exit_config of bpf/config.h: the constants of the program, set before the load.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ExitConfig
{
    public ulong MinimumAge;
    public ulong Signals;
    public ExitCodeSet ExitCodes;
    public IdSet Ids;
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
    public byte OomKills;
    public byte HasGroupDead;
    public byte TwoHooks;
    public CrashHook CrashHook;
    public byte HasUserPath;

    [InlineArray(4)]
    internal struct ExitCodeSet
    {
        private ulong first;
    }

    [InlineArray(64)]
    internal struct IdSet
    {
        private ulong first;
    }
}
