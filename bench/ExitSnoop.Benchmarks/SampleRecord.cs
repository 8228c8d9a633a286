using System.Runtime.InteropServices;
using ExitSnoop.Records;

namespace ExitSnoop.Benchmarks;

/// <summary>Records as the BPF program sends them.</summary>
internal static class SampleRecord
{
    private const ulong Second = 1_000_000_000;

    /// <summary>Nanoseconds to add to the record's times to get Unix time.</summary>
    internal const long ClockOffset = 1_790_000_000 * (long)Second;

    /// <summary>A record with only what the original shows.</summary>
    internal static byte[] Basic() => MemoryMarshal.AsBytes(new ReadOnlySpan<ExitRecord>(in Record(RecordFlags.GroupDead))).ToArray();

    /// <summary>A record with all details: of a shell with four arguments in the cgroup of a service, ended by SIGTERM.</summary>
    internal static byte[] Detailed()
    {
        ReadOnlySpan<byte> path = "bash\0bin\0usr\0"u8;
        ReadOnlySpan<byte> cgroup = "backup.service\0system.slice\0"u8;
        ReadOnlySpan<byte> arguments = "/bin/bash\0-c\0sleep 60; rsync --archive /home /mnt/backup\0--\0"u8;
        ExitDetail detail = new()
        {
            CpuTime = 12_345_678,
            UserTime = 8_000_000,
            SystemTime = 4_000_000,
            MaxRss = 1_234,
            MinorFaults = 567,
            VoluntarySwitches = 12,
            Uid = 1000,
            Gid = 1000,
            Session = 4_321,
            NamespacePid = 4_711,
            SenderPid = 4_000,
            PathSize = (ushort)path.Length,
            CgroupSize = (ushort)cgroup.Length,
            ArgsSize = (ushort)arguments.Length,
        };
        "timeout"u8.CopyTo(detail.SenderComm);
        "cron"u8.CopyTo(detail.ParentComm);
        const RecordFlags Flags = RecordFlags.GroupDead | RecordFlags.Detail | RecordFlags.Sender | RecordFlags.SenderTask;
        return
        [
            .. MemoryMarshal.AsBytes(new ReadOnlySpan<ExitRecord>(in Record(Flags))),
            .. MemoryMarshal.AsBytes(new ReadOnlySpan<ExitDetail>(in detail)),
            .. path, .. cgroup, .. arguments,
        ];
    }

    private static ref readonly ExitRecord Record(RecordFlags flags)
    {
        ExitRecord[] record =
        [
            new()
            {
                ExitTime = 5_000 * Second,
                StartTime = 4_990 * Second,
                Flags = flags,
                Pid = 4_711,
                Tid = 4_711,
                ParentPid = 4_321,
                WaitStatus = (uint)Signal.TERM,
                HostPid = 4_711,
            },
        ];
        "bash"u8.CopyTo(record[0].Comm);
        return ref record[0];
    }
}
