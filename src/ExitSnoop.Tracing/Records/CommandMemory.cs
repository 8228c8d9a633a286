using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using ExitSnoop.Linux;

namespace ExitSnoop.Records;

/// <summary>
/// The commands of living processes, for hooks that come after exit_mm(), where the command cannot be read any more (before
/// 6.16): from the records of execs and, for processes that existed before the trace, from /proc.
/// </summary>
/// <remarks>A process that was forked and has executed no program has none: the command of its parent would be a guess.</remarks>
internal sealed class CommandMemory
{
    /// <summary>The unit of start times in /proc: USER_HZ is 100 on x86-64 and arm64.</summary>
    private const ulong NanosecondsPerTick = 10_000_000;

    /// <summary>The index of the 22nd field of /proc/PID/stat, counted from the state, the third one.</summary>
    private const int StartTime = 22 - 3;

    private const int SmallestSweep = 4096;

    /// <summary>A command is kept for this many further deaths, because some threads of a process exit after the one that was taken for its last.</summary>
    private const int LateThreads = 64;

    private readonly Dictionary<uint, (ulong StartTick, byte[] Command)> commands = [];
    private readonly Queue<(uint HostId, ulong StartTick)> dead = new();
    private (ulong Time, List<(uint HostId, ulong StartTick)> Processes)? gone;
    private int nextSweep = SmallestSweep;

    /// <summary>How many commands are stored.</summary>
    internal int Count => commands.Count;

    /// <summary>Stores the commands of the existing processes. Works only in the first PID namespace, because commands are stored by the IDs there.</summary>
    internal void ReadProc()
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!uint.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out uint id))
                continue;
            try
            {
                string[] fields = ProcStat.Read(folder);
                ulong startTick = ulong.Parse(fields[StartTime], CultureInfo.InvariantCulture);
                byte[] arguments = ProcArguments.Read(folder, fields, out bool cut);
                string path = Executable(folder);
                if (arguments.Length > 0 || cut || path.Length > 0)
                    commands[id] = (startTick, ToRecord(path, arguments, cut));
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // The process has exited.
            }
        }
    }

    /// <summary>Stores the record of an exec in place of the earlier command of the process.</summary>
    internal void Add(in RecordView exec, byte[] bytes)
    {
        Sweep(exec.Record.ExitTime);
        commands[exec.Record.HostPid] = (StartTickOf(exec.Record), bytes);
    }

    /// <summary>The record with the command of a process that exited; null if it is not known. It is removed when the process is dead.</summary>
    internal byte[]? Find(in ExitRecord exit)
    {
        bool isThread = exit.Flags.HasFlag(RecordFlags.Thread);
        ulong startTick = StartTickOf(exit);
        if (!commands.TryGetValue(exit.HostPid, out (ulong StartTick, byte[] Command) known))
            return null;
        // The record of a thread has the start time of the thread, which is later than that of the process, except for the main thread.
        if (isThread && exit.Tid != exit.Pid ? known.StartTick > startTick : known.StartTick != startTick)
            return null;
        if (!isThread)
        {
            commands.Remove(exit.HostPid);
        }
        else if (exit.Flags.HasFlag(RecordFlags.GroupDead))
        {
            dead.Enqueue((exit.HostPid, known.StartTick));
            if (dead.Count > LateThreads)
                Forget(dead.Dequeue());
        }
        return known.Command;
    }

    // Find() is never called for processes whose exits the kernel filters out, so they are removed here when they are gone. This is done
    // only after all records from before that check were read, because their exits can be among these records.
    private void Sweep(ulong now)
    {
        if (gone is { } found && now > found.Time)
        {
            found.Processes.ForEach(Forget);
            gone = null;
            nextSweep = Math.Max(SmallestSweep, 2 * commands.Count);
        }
        else if (gone is null && commands.Count >= nextSweep)
        {
            // Not with /proc, where the mount option hidepid=2 hides processes.
            List<(uint, ulong)> processes = [.. commands.Where(known => LibC.IsGone((int)known.Key)).Select(known => (known.Key, known.Value.StartTick))];
            gone = ((ulong)Clocks.Boot(), processes);
        }
    }

    private void Forget((uint HostId, ulong StartTick) process)
    {
        if (commands.TryGetValue(process.HostId, out (ulong StartTick, byte[]) known) && known.StartTick == process.StartTick)
            commands.Remove(process.HostId);
    }

    private static ulong StartTickOf(in ExitRecord record) => record.StartTime / NanosecondsPerTick;

    /// <summary>The path of the executable; "" for a kernel thread, and if ptrace(2) would be refused.</summary>
    private static string Executable(string folder)
    {
        try
        {
            return File.ResolveLinkTarget(Path.Join(folder, "exe"), returnFinalTarget: false)?.FullName ?? "";
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static byte[] ToRecord(string path, byte[] arguments, bool cut)
    {
        const int pathMaximum = 1024, argumentsMaximum = 4096;
        byte[] components = Encoding.UTF8.GetBytes(string.Concat(path.Split('/').Skip(1).Reverse().Select(name => name + "\0")));
        if (components.Length > pathMaximum)
            components = [];
        int argsSize = Math.Min(arguments.Length, argumentsMaximum);

        byte[] bytes = new byte[RecordView.BytesOffset + components.Length + argsSize];
        ref ExitRecord record = ref MemoryMarshal.AsRef<ExitRecord>(bytes.AsSpan());
        record.Flags = RecordFlags.Exec | RecordFlags.Detail | (cut || arguments.Length > argumentsMaximum ? RecordFlags.ArgumentsCut : 0);
        ref ExitDetail detail = ref MemoryMarshal.AsRef<ExitDetail>(bytes.AsSpan(RecordView.DetailOffset));
        detail.PathSize = (ushort)components.Length;
        detail.ArgsSize = (ushort)argsSize;
        components.CopyTo(bytes, RecordView.BytesOffset);
        arguments.AsSpan(0, argsSize).CopyTo(bytes.AsSpan(RecordView.BytesOffset + components.Length));
        return bytes;
    }
}
