using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace ExitSnoop.Records;

/// <summary>
/// The commands of living processes, on kernels where they are gone by the time of the exit (before
/// 6.16): from the records of exec, and from /proc for those that were there before the trace.
/// </summary>
/// <remarks>A process that was forked and never executed a program has none: its parent's would be a guess.</remarks>
internal sealed class CommandMemory
{
    /// <summary>/proc has start times in these units: USER_HZ is 100 on every architecture here.</summary>
    private const ulong NanosecondsPerTick = 10_000_000;

    private const int SmallestSweep = 4096;

    private readonly Dictionary<(uint HostId, ulong StartTick), byte[]> commands = [];
    private int nextSweep = SmallestSweep;

    /// <summary>Remembers the processes that are there now. Only for the first PID namespace, whose IDs /proc shows.</summary>
    internal void ReadProc()
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!uint.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out uint id))
                continue;
            try
            {
                string stat = File.ReadAllText(Path.Join(folder, "stat"));
                // The 22nd field, counted from behind comm, which is the second and can hold spaces.
                string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                ulong startTick = ulong.Parse(fields[19], CultureInfo.InvariantCulture);
                byte[] arguments = WithoutEnvironment(File.ReadAllBytes(Path.Join(folder, "cmdline")), fields);
                string path = File.ResolveLinkTarget(Path.Join(folder, "exe"), returnFinalTarget: false)?.FullName ?? "";
                if (arguments.Length > 0)
                    commands[(id, startTick)] = ToRecord(path, arguments);
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
            {
                // It has exited, or is a kernel thread, which has no executable.
            }
        }
    }

    /// <summary>Remembers the record of an exec; it replaces what the process ran before.</summary>
    internal void Add(in RecordView exec, byte[] bytes)
    {
        if (commands.Count >= nextSweep)
            Sweep();
        commands[KeyOf(exec.Record)] = bytes;
    }

    /// <summary>The command of a process, null where it is not known; forgotten once the process is dead.</summary>
    internal byte[]? Find(in ExitRecord exit)
    {
        (uint, ulong) key = KeyOf(exit);
        bool lives = exit.Flags.HasFlag(RecordFlags.Thread) && !exit.Flags.HasFlag(RecordFlags.GroupDead);
        if (lives)
            return commands.GetValueOrDefault(key);
        commands.Remove(key, out byte[]? command);
        return command;
    }

    // Processes whose exit the kernel's filters hold back are never asked for: forget them once gone.
    private void Sweep()
    {
        foreach ((uint HostId, ulong StartTick) key in commands.Keys)
            if (!Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/{key.HostId}")))
                commands.Remove(key);
        nextSweep = Math.Max(SmallestSweep, 2 * commands.Count);
    }

    private static (uint HostId, ulong StartTick) KeyOf(in ExitRecord record) =>
        (record.HostPid, record.StartTime / NanosecondsPerTick);

    // /proc/PID/cmdline shows what the process says its arguments are (prctl(2), PR_SET_MM), and goes on over the
    // environment where their last NUL is overwritten: get_mm_cmdline() in fs/proc/base.c.
    private static byte[] WithoutEnvironment(byte[] cmdline, string[] fieldsFromState)
    {
        // Fields 48 to 51 of proc(5), 0 where they may not be read: arg_start, arg_end, env_start, env_end.
        if (fieldsFromState.Length < 49)
            return cmdline;
        ulong[] place = [.. fieldsFromState[45..49].Select(field => ulong.Parse(field, CultureInfo.InvariantCulture))];
        (ulong start, ulong end, ulong environment, ulong environmentEnd) = (place[0], place[1], place[2], place[3]);
        if (start >= environment && start < environmentEnd)
            return [];
        bool overlaps = environment > start && environment < end;
        ulong size = (overlaps ? environment : end) - start;
        if (end <= start || (ulong)cmdline.Length <= size)
            return cmdline;
        ReadOnlySpan<byte> behind = cmdline.AsSpan((int)size);
        int first = behind.IndexOfAny((byte)'=', (byte)' ', (byte)0);
        return overlaps || (first >= 0 && behind[first] == '=') ? cmdline[..(int)size] : cmdline;
    }

    private static byte[] ToRecord(string path, byte[] arguments)
    {
        const int pathMaximum = 1024, argumentsMaximum = 4096;
        byte[] components = Encoding.UTF8.GetBytes(string.Concat(path.Split('/').Skip(1).Reverse().Select(name => name + "\0")));
        if (components.Length > pathMaximum)
            components = [];
        int argsSize = Math.Min(arguments.Length, argumentsMaximum);

        byte[] bytes = new byte[RecordView.BytesOffset + components.Length + argsSize];
        ref ExitRecord record = ref MemoryMarshal.AsRef<ExitRecord>(bytes.AsSpan());
        record.Flags = RecordFlags.Exec | RecordFlags.Detail | (arguments.Length > argumentsMaximum ? RecordFlags.ArgumentsCut : 0);
        ref ExitDetail detail = ref MemoryMarshal.AsRef<ExitDetail>(bytes.AsSpan(RecordView.DetailOffset));
        detail.PathSize = (ushort)components.Length;
        detail.ArgsSize = (ushort)argsSize;
        components.CopyTo(bytes, RecordView.BytesOffset);
        arguments.AsSpan(0, argsSize).CopyTo(bytes.AsSpan(RecordView.BytesOffset + components.Length));
        return bytes;
    }
}
