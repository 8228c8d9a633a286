using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

namespace ExitSnoop.Testing;

/// <summary>A BPF program, as the kernel describes it (struct bpf_prog_info).</summary>
/// <param name="Type">BPF_PROG_TYPE_...: 17 for a raw tracepoint, 26 for tracing.</param>
/// <param name="Name">Its function's name; the kernel keeps 15 bytes.</param>
/// <param name="Maps">The maps that it uses.</param>
internal sealed record BpfProgram(uint Type, string Name, IReadOnlyList<BpfMap> Maps)
{
    internal const uint RawTracepoint = 17, Tracing = 26;
}

/// <summary>A BPF map, as the kernel describes it (struct bpf_map_info).</summary>
/// <param name="Type">BPF_MAP_TYPE_...: 27 for a ring buffer.</param>
/// <param name="Name">Its variable's name; the kernel keeps 15 bytes.</param>
/// <param name="MaxEntries">For a ring buffer its bytes.</param>
internal sealed record BpfMap(uint Type, string Name, uint MaxEntries)
{
    internal const uint PerfEventArray = 4, RingBuffer = 27;
}

/// <summary>The loaded BPF objects, from bpf(2).</summary>
internal static unsafe partial class BpfObjects
{
    // include/uapi/linux/bpf.h; the number of bpf(2) on x86-64 and arm64.
    private const int GetNextProgramId = 11, GetProgramById = 13, GetMapById = 14, GetInfo = 15, GetLinkById = 30;
    private const int NameSize = 16;

    private static readonly int SystemCall = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 280 : 321;

    /// <summary>Whether a program with this ID is in the kernel, whichever process has it open.</summary>
    internal static bool HasProgram(int id)
    {
        IdAttribute attribute = new() { Id = (uint)id - 1 };
        return bpf(GetNextProgramId, &attribute, (uint)sizeof(IdAttribute)) == 0 && attribute.NextId == id;
    }

    /// <summary>
    /// Numbers of the BPF objects that a process holds open, from /proc/PID/fdinfo: "prog_id", "link_id", "map_id" or "verified_insns".
    /// </summary>
    internal static HashSet<int> HeldBy(int process, string kind)
    {
        string field = kind + ":";
        HashSet<int> ids = [];
        foreach (string file in Directory.EnumerateFiles($"/proc/{process}/fdinfo"))
        {
            try
            {
                foreach (string line in File.ReadLines(file))
                    if (line.StartsWith(field, StringComparison.Ordinal))
                        ids.Add(int.Parse(line.AsSpan(field.Length), CultureInfo.InvariantCulture));
            }
            catch (IOException)
            {
                // Closed meanwhile.
            }
        }
        return ids;
    }

    internal static BpfProgram Program(int id)
    {
        const int maximum = 64;
        uint* maps = stackalloc uint[maximum];
        ProgramInfo info = new() { MapCount = maximum, MapIds = (ulong)maps };
        Describe(GetProgramById, id, &info, sizeof(ProgramInfo));
        return new BpfProgram(info.Type, Name(info.Name), [.. new Span<uint>(maps, (int)info.MapCount).ToArray().Select(map => Map((int)map))]);
    }

    internal static BpfMap Map(int id)
    {
        MapInfo info = default;
        Describe(GetMapById, id, &info, sizeof(MapInfo));
        return new BpfMap(info.Type, Name(info.Name), info.MaxEntries);
    }

    /// <summary>The program that a link attaches.</summary>
    internal static BpfProgram ProgramOfLink(int id)
    {
        LinkInfo info = default;
        Describe(GetLinkById, id, &info, sizeof(LinkInfo));
        return Program((int)info.ProgramId);
    }

    private static void Describe(int open, int id, void* info, int size)
    {
        IdAttribute byId = new() { Id = (uint)id };
        int fd = Check(bpf(open, &byId, (uint)sizeof(IdAttribute)));
        InfoAttribute about = new() { Fd = (uint)fd, Size = (uint)size, Info = (ulong)info };
        long result = bpf(GetInfo, &about, (uint)sizeof(InfoAttribute));
        int error = Marshal.GetLastPInvokeError();
        _ = Posix.close(fd);
        if (result < 0)
            throw new Win32Exception(error);
    }

    private static int Check(long result) => result < 0 ? throw new Win32Exception(Marshal.GetLastPInvokeError()) : (int)result;

    private static string Name(byte* name) => Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name));

    private static long bpf(int command, void* attribute, uint size) => syscall(SystemCall, command, attribute, size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long syscall(long number, int command, void* attribute, uint size);

    [StructLayout(LayoutKind.Sequential)]
    private struct IdAttribute
    {
        public uint Id, NextId, Flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct InfoAttribute
    {
        public uint Fd, Size;
        public ulong Info;
    }

    // The beginnings of the kernel's structures, of which it fills as much as it is given room for.
    [StructLayout(LayoutKind.Sequential)]
    private struct ProgramInfo
    {
        public uint Type, Id;
        public ulong Tag;
        public uint JitedSize, TranslatedSize;
        public ulong Jited, Translated, LoadTime;
        public uint User, MapCount;
        public ulong MapIds;
        public fixed byte Name[NameSize];
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct MapInfo
    {
        public uint Type, Id, KeySize, ValueSize, MaxEntries, Flags;
        public fixed byte Name[NameSize];
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct LinkInfo
    {
        public uint Type, Id, ProgramId, Padding;
    }
}
